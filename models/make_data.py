#!/usr/bin/env python3
"""Data for sensors.weft and two_inputs.weft, made up: python3 make_data.py sensors|two_inputs

Writes to the folder it is called in. Needs Python alone; it also shows how little
a .npy or a safetensors file is, for whoever wants to write them in another language.
"""

import array
import json
import math
import random
import sys


def saveNpy(path, values, kind, *shape):
    """kind: 'f' for numbers, 'i' for ids and classes, four bytes each."""
    header = "{'descr': '<%s4', 'fortran_order': False, 'shape': (%s,), }" % (kind, ", ".join(map(str, shape)))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        array.array(kind, values).tofile(file)


def saveSafetensors(path, tensors):
    header, end = {}, 0
    for name, (kind, shape, values) in tensors.items():
        size = 4 * len(values)
        header[name] = {"dtype": {"f": "F32", "i": "I32"}[kind], "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for kind, _, values in tensors.values():
            array.array(kind, values).tofile(file)


def sensors(rows=2000, steps=96):
    """Still, walking, running, on a bus: gravity, steps at some pace, an engine, and noise."""
    draw = random.Random(1)
    x, y = [], []
    for _ in range(rows):
        activity = draw.randrange(4)
        tilt, phase = draw.uniform(-0.4, 0.4), draw.uniform(0, 2 * math.pi)
        pace = {1: draw.uniform(0.25, 0.4), 2: draw.uniform(0.5, 0.75), 3: draw.uniform(1.8, 2.6)}.get(activity, 0)
        force = {1: draw.uniform(0.3, 0.7), 2: draw.uniform(0.5, 1.2), 3: draw.uniform(0.1, 0.25)}.get(activity, 0)
        sway = draw.uniform(0.2, 0.5) if activity == 3 else 0
        for t in range(steps):
            beat = math.sin(pace * t + phase)
            slow = sway * math.sin(0.05 * t + phase)
            noise = [draw.gauss(0, 0.1) for _ in range(3)]
            x += [math.sin(tilt) + slow + noise[0], 0.5 * force * beat + noise[1], math.cos(tilt) + force * beat + noise[2]]
        y.append(activity)
    saveNpy("sensors_x.npy", x, "f", rows, steps, 3)
    saveNpy("sensors_y.npy", y, "i", rows)


def two_inputs(rows=3000, steps=12, vocabulary=50):
    draw = random.Random(1)
    words, sender, y = [], [], []
    for _ in range(rows):
        message = [draw.randrange(8, vocabulary) for _ in range(steps)]
        asks = draw.random() < 0.5
        if asks:
            message[draw.randrange(steps)] = 7
        known = [draw.gauss(0, 1) for _ in range(4)]
        words += message
        sender += known
        y.append(float(asks == (known[0] > 0)))
    saveSafetensors("two_inputs.safetensors", {
        "sender": ("f", [rows, 4], sender),
        "words": ("i", [rows, steps], words),
        "y": ("f", [rows, 1], y),
    })


if __name__ == "__main__":
    tasks = {"sensors": sensors, "two_inputs": two_inputs}
    if len(sys.argv) != 2 or sys.argv[1] not in tasks:
        sys.exit(__doc__)
    tasks[sys.argv[1]]()
