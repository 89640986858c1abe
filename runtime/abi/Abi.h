/*===- Abi.h - Between a compiled model and the runtime ----------*- C -*-===*\
|*
|* Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* A compiled model exports one symbol, `weft_model`; the runtime calls the
|* functions it names. All weights live in one flat vector of floats,
|* each at `offset`, exactly in Keras's layout, followed by padding up to a
|* multiple of 16 floats (the padding's gradient is always zero).
|*
|* A batch is cut into `slices` slices of rows, the same ones for any number of
|* threads. For each batch the runtime calls `prepare` once, then `slice` for
|* every slice, in any order and on any thread, each with an arena of its own;
|* gradients of slices are then added in slice order.
|*
|* Rows that begin alike are computed once: where a function has a `padded_input`,
|* the runtime may put one more row in front of a slice, all zeros in that
|* input and of scale 0, and say in `starts` how many leading positions of that
|* input each row has in common with it; the rows then stand by start, ascending
|* (the row in front says 0). What they have in common is computed for the row in
|* front alone, and what would flow back to it flows to that row.
|*
\*===----------------------------------------------------------------------===*/

#ifndef WEFT_RUNTIME_ABI_ABI_H
#define WEFT_RUNTIME_ABI_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_ABI_MAGIC UINT64_C(0x006c65646f4d7457)
#define WEFT_ABI_VERSION 4
#define WEFT_MAX_RANK 4
/** Every buffer begins at a multiple of this many bytes. */
#define WEFT_ALIGNMENT 64

/** As the `step` of a call: nothing is drawn, and every dropout mask is 1. */
#define WEFT_DRAW_NOTHING UINT64_MAX

enum WeftElement { WEFT_F32 = 0, WEFT_I32 = 1 };

/** An input, output or label of a model. `shape` leaves out the batch. */
typedef struct WeftPort {
  const char *name;
  int32_t element; /* WeftElement */
  int32_t rank;
  int64_t shape[WEFT_MAX_RANK];
  int64_t vocabulary; /* ids are below this; 0 where the port is no ids */
  double bounds[2];   /* the least and the most a label may be; both 0: any number */
} WeftPort;

/** Same order and numbers as `#seq.init`. */
typedef struct WeftInit {
  int32_t kind;
  int32_t reserved;
  double a, b;
} WeftInit;

struct WeftUpdateCall;

typedef struct WeftWeight {
  const char *name; /* "<layer>/<weight>" */
  int32_t rank;
  int32_t init_count; /* one, or one for each equal part of the last axis */
  int64_t shape[WEFT_MAX_RANK];
  int64_t offset; /* of the flat vector, in floats */
  int64_t size;   /* in floats, without padding */
  const WeftInit *inits;
  /** What its elements cost (null: nothing): writes it to `penalties` and adds the
      slope to `gradients`. Their sum is added to the loss of a batch. */
  void (*penalty)(const struct WeftUpdateCall *);
} WeftWeight;

/** What one slice, or a whole batch's preparation, works on. Kernels work in whole
 * vectors and tiles: they may read, and throw away, `row_tile` rows behind the last
 * one and a cache line behind that, which has to be memory. */
typedef struct WeftCall {
  const float *parameters;
  void *shared;              /* shared_bytes; written by prepare, read by slices */
  void *arena;               /* arena_bytes(rows); not used by prepare */
  const void *const *inputs; /* for each input: the slice's first row; rows are contiguous */
  const void *const *labels; /* for each label: likewise (null when predicting) */
  float *const *outputs;     /* for each output: likewise */
  float *loss;               /* one value a row (not when predicting) */
  float *gradients;          /* laid out as parameters; written whole (training only) */
  const float *scales;       /* one a row: the weight of its loss, over the rows of the batch */
  const int32_t *row_ids;    /* one a row: its place in the batch, whatever slice it is in */
  const int32_t *starts;     /* one a row, see above; all 0 where no row shares anything */
  int64_t rows;              /* at least 1 */
  uint64_t seed;
  uint64_t step; /* batches trained before this one, or WEFT_DRAW_NOTHING */
} WeftCall;

typedef struct WeftFunction {
  int64_t shared_bytes;
  int64_t (*arena_bytes)(int64_t rows);
  void (*prepare)(const WeftCall *);
  void (*slice)(const WeftCall *);
  int64_t padded_input; /* the ids whose leading zeros rows may share; -1: none */
} WeftFunction;

/** One update of the elements [begin, end) of the flat vectors. */
typedef struct WeftUpdateCall {
  float *parameters;
  float *gradients;
  float *const *states; /* `optimizer_states` vectors like parameters */
  float *penalties;     /* a vector like parameters; used by penalties alone */
  int64_t begin, end;   /* multiples of 16 */
  float step;           /* from 1 */
  float learning_rate;
} WeftUpdateCall;

typedef struct WeftModel {
  uint64_t magic;
  uint32_t version;
  uint32_t size; /* sizeof(WeftModel) */
  const char *name;
  const WeftPort *inputs, *labels, *outputs;
  int32_t input_count, label_count, output_count;
  int32_t weight_count;
  const WeftWeight *weights;
  int64_t parameter_count;  /* length of the flat vector, padding included */
  int32_t optimizer_states; /* vectors a weight */
  int32_t slices;           /* a batch is cut into at most this many */
  int32_t row_tile;         /* slices begin at multiples of this, where there are enough rows */
  int32_t reserved;
  WeftFunction predict;  /* outputs from inputs; nothing random */
  WeftFunction evaluate; /* outputs and loss; nothing random */
  WeftFunction step;     /* outputs, loss and gradients */
  void (*update)(const WeftUpdateCall *);
  const char *settings; /* JSON: what the train block says; see SETTINGS in runtime/train/Settings.h */
  const char *layers;   /* JSON: [{"name", "type", "shape": [..], "parameters": n}] for summary */
  const char *features; /* CPU features the code needs: "avx2 fma f16c" */
  const char *optimizer_state_names; /* "m v": separated by spaces */
} WeftModel;

extern const WeftModel weft_model;

#ifdef __cplusplus
}
static_assert(sizeof(WeftPort) == 72, "ABI");
static_assert(sizeof(WeftInit) == 24, "ABI");
static_assert(sizeof(WeftWeight) == 80, "ABI");
static_assert(sizeof(WeftCall) == 112, "ABI");
static_assert(sizeof(WeftFunction) == 40, "ABI");
static_assert(sizeof(WeftUpdateCall) == 56, "ABI");
static_assert(sizeof(WeftModel) == 256, "ABI");
#endif

#endif /* WEFT_RUNTIME_ABI_ABI_H */
