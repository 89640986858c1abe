"""Texts: the vocabulary travels with the weights, words have neighbours, characters go on."""

import math
import os
import random
import subprocess

import numpy as np

import weft_system as system

models = os.path.join(system.source, "models")

reviews = """model reviews {
  input words: tokens[8] of 30
  input stars: features[1]
  output positive = concat(words |> embedding(6) |> lstm(8), stars) |> dense(1, activation = sigmoid)
}
train {
  loss = binary_crossentropy
  optimizer = adam(learning_rate = 0.02)
  epochs = 8
  batch = 16
  seed = 3
}
"""

genres = """model genres {
  input words: tokens[6] of 40
  output genre = words |> embedding(5) |> global_average_pool1d |> dense(3, activation = softmax)
}
train {
  data = text("films", padding = post)
  loss = sparse_categorical_crossentropy
  optimizer = adam(learning_rate = 0.05)
  metrics = [accuracy]
  epochs = 20
  batch = 8
}
"""

good, bad, neutral = ["wonderful", "great", "lovely"], ["awful", "boring", "dull"], ["film", "story", "actors", "ending", "music"]


class Reader(system.Test):
    def say(self, program, *words, text=""):
        """Standard output of a command that reads `text`."""
        done = subprocess.run([program, *map(str, words)], cwd=self.work, input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()


class Texts(Reader):
    def writeReviews(self, rows=400):
        draw = random.Random(1)
        lines = ["opinion,stars,verdict"]
        for row in range(rows):
            isGood = draw.random() < 0.5
            words = [draw.choice(good if isGood else bad)] + draw.sample(neutral, draw.randint(1, 4))
            draw.shuffle(words)
            lines.append(f"\"A {', '.join(words)}!\",{draw.random():.3f},{'yes' if isGood else 'no'}")
        self.write("reviews.csv", "\n".join(lines) + "\n")
        return "csv:reviews.csv(words=opinion,stars=stars,y=verdict,test_split=0.2,top_words=15)"

    def ids(self, metadata, line):
        """The ids of a text, written down once more."""
        text = system.json.loads(metadata["text"])
        ranks = {word: rank for rank, word in enumerate(metadata["vocabulary"].splitlines())}
        for mark in ",!.?":
            line = line.replace(mark, " ")
        ids = [text["start"]] + [ranks[word] + text["first"] for word in line.lower().split() if word in ranks]
        ids = [word if word < text["top_words"] else text["unknown"] for word in ids][-text["length"]:]
        zeros = [0] * (text["length"] - len(ids))
        return zeros + ids if text["padding"] == "pre" else ids + zeros

    def test_vocabulary_travels_with_the_weights(self):
        program = self.build(reviews, output="reviews")
        data = self.writeReviews()
        self.run_(program, "train", "--data", data, "--quiet")
        metadata = system.readMetadata(self.path("reviews.safetensors"))
        self.assertEqual(system.json.loads(metadata["classes"]), ["no", "yes"])
        lines = ["A wonderful, great, lovely story", "Boring. DULL, awful music, lovely ENDING?", "", "nothing that it knows"]
        os.remove(self.path("reviews.csv"))
        stars = self.save("stars.npy", np.linspace(0, 1, len(lines), dtype="float32"))
        self.write("lines.txt", "\r\n".join(lines))
        words = self.save("words.npy", np.array([self.ids(metadata, line) for line in lines], "int32"))
        text = ["predict", "--input", f"stars={stars}", "--text"]
        self.run_(program, *text, "words=lines.txt", "--output", "t.npy")
        self.run_(program, "predict", "--input", f"words={words}", "--input", f"stars={stars}", "--output", "p.npy")
        predicted = np.load(self.path("t.npy"))
        self.assertEqual(system.readBytes(self.path("t.npy")), system.readBytes(self.path("p.npy")))
        told = self.say(program, *text, "-", text="\n".join(lines) + "\n").splitlines()
        self.assertEqual(told, [f"{p:.4f} {'yes' if p > 0.5 else 'no'}" for p in predicted[:, 0]])
        self.assertGreater(predicted[0, 0], 0.8)
        self.assertLess(predicted[1, 0], 0.5)
        # Other readers find the weights, and nothing else.
        weights = system.readSafetensors(self.path("reviews.safetensors"))
        self.assertEqual(len(weights), 6)
        # Without its vocabulary the file is as good as before, but not for texts.
        system.writeSafetensors(self.path("bare.safetensors"), weights)
        self.run_(program, "predict", "--weights", "bare.safetensors", "--input", words, "--input", stars, "--output", "b.npy")
        self.assertEqual(system.readBytes(self.path("b.npy")), system.readBytes(self.path("p.npy")))
        self.refuses(program, *text, "lines.txt", "--weights", "bare.safetensors",
                     says="bare.safetensors holds no vocabulary, so texts cannot be read: train on imdb")

    def test_what_is_wrong_with_texts(self):
        program = self.build(reviews, output="reviews")
        self.run_(program, "train", "--data", self.writeReviews(), "--quiet", "--epochs", "1")
        stars = self.save("stars.npy", np.zeros(2, "float32"))
        self.write("one.txt", "a film\n")
        with open(self.path("latin.txt"), "wb") as file:
            file.write(b"fine\ncaf\xe9\n")
        self.write("empty.txt", "")
        text = [program, "predict", "--input", stars, "--text"]
        self.refuses(*text, "one.txt", says="has 2 rows")
        self.refuses(*text, "latin.txt", says="latin.txt, line 2 is no UTF-8 text (byte 3 from 0 is 0xe9)")
        self.refuses(*text, "empty.txt", says="empty.txt is empty: a text a line is read")
        self.refuses(*text, "none.txt", says="cannot read none.txt: there is no such file; --text names a file with a text a line")
        self.refuses(*text, "-", says="the standard input is empty")
        self.refuses(program, "predict", "--text", "one.txt", says="--input should name 1 file (stars), it names 0")
        self.refuses(program, "predict", says="predict what?")

    def test_resumed_run_has_the_same_bytes(self):
        program = self.build(reviews, output="reviews")
        data = self.writeReviews()
        self.run_(program, "train", "--data", data, "--quiet", "--epochs", "3", "--save", "whole.safetensors")
        self.run_(program, "train", "--data", data, "--quiet", "--epochs", "1", "--save", "cut.safetensors")
        self.run_(program, "train", "--resume", "--quiet", "--epochs", "3", "--save", "cut.safetensors")
        self.assertEqual(system.readBytes(self.path("whole.safetensors")), system.readBytes(self.path("cut.safetensors")))

    def test_training_goes_on_with_the_words_it_knows(self):
        program = self.build(reviews, output="reviews")
        self.run_(program, "train", "--data", self.writeReviews(), "--quiet")
        before = system.readMetadata(self.path("reviews.safetensors"))
        self.write("more.csv", "opinion,stars,verdict\nwonderful new words,0.5,yes\nnew and dull,0.5,no\n")
        more = "csv:more.csv(words=opinion,stars=stars,y=verdict)"
        self.run_(program, "train", "--data", more, "--weights", "reviews.safetensors", "--save", "more.safetensors", "--quiet")
        after = system.readMetadata(self.path("more.safetensors"))
        self.assertEqual(after["vocabulary"], before["vocabulary"])
        accuracy = self.run_(program, "evaluate", "--data", more)
        self.assertIn("Loss: ", accuracy)
        self.write("more.csv", "opinion,stars,verdict\nwonderful new words,0.5,maybe\n")
        self.refuses(program, "evaluate", "--data", more, says="column 'verdict' is the class 'maybe', which is not known")

    def test_folders_of_texts(self):
        draw = random.Random(2)
        words = {"comedy": ["laugh", "joke"], "horror": ["blood", "ghost"], "romance": ["love", "kiss"]}
        for name, own in words.items():
            os.makedirs(self.path(f"films/{name}"))
            for number in range(30):
                self.write(f"films/{name}/{number}.txt", f"the {draw.choice(own)} and {draw.choice(own)}, the end")
        program = self.build(genres, output="genres")
        self.run_(program, "train", "--quiet")
        told = self.say(program, "predict", "--text", "-", text="a ghost\nthe kiss\njoke joke\n")
        self.assertEqual([line.split()[1] for line in told.splitlines()], ["horror", "romance", "comedy"])
        near = self.say(program, "nearest", "Ghost", "--count", "1")
        self.assertEqual(near.split()[1], "blood")
        self.assertEqual(len(self.say(program, "nearest", "ghost").splitlines()), 8)
        self.refuses(program, "nearest", "Gohst", says="'gohst' is in none of the training texts; did you mean 'ghost'?")
        self.refuses(program, "nearest", "a ghost", says="'a ghost' is 2 words: say one")
        self.refuses(program, "nearest", "ghost", "--count", "0", says="--count should be at least 1")
        self.refuses(program, "nearest", "ghost", "--weight", "dense/kernel", says="the model has no weight 'dense/kernel' with a row")
        self.refuses(program, "generate", "--prompt", "ghost", says="generate is for a model that predicts the next character")


sentence = [["the ", "a "], ["red", "big", "old", "new"], [" "], ["cat", "dog", "fox", "hen"], [" "], ["sees ", "likes "], ["it.\n"]]


class Characters(Reader):
    """models/char_lm.weft, smaller."""

    settings = ["--set", "length=40", "--set", "characters=40", "--set", "units=48"]

    def program(self):
        return self.build(os.path.join(models, "char_lm.weft"), *self.settings, output="writer")

    def writeText(self, sentences=1500):
        draw = random.Random(3)
        text = "".join("".join(draw.choice(part) for part in sentence) for _ in range(sentences))
        self.write("text.txt", text)
        return text

    def test_reaches_the_entropy_of_its_text(self):
        """Each choice of words shows in one character: what is left to learn is known exactly."""
        program, text = self.program(), self.writeText()
        bound = sum(math.log(len(part)) for part in sentence) * text.count(".") / len(text)
        self.run_(program, "train", "--data", "chars:text.txt(test_split=0.1)", "--epochs", "25", "--quiet")
        told = self.run_(program, "evaluate", "--data", "chars:text.txt(test_split=0.1)", "--json")
        loss = system.json.loads(told)["loss"]
        print(f"loss {loss:.4f}, the text's entropy {bound:.4f} a character")
        self.assertLess(loss, 1.25 * bound, "a row begins without what came before, so a little more is lost")
        # What it writes are sentences of that language.
        written = self.say(program, "generate", "--prompt", "a ", "--length", "800", "--temperature", "0.5", "--seed", "4")
        self.assertTrue(written.startswith("a "))
        self.assertEqual(len(written), 2 + 800 + 1)
        known = set(text.splitlines())
        lines = written.splitlines()[:-1]
        self.assertGreater(sum(line in known for line in lines), 0.9 * len(lines), written)

    def test_generate(self):
        program = self.program()
        self.writeText(100)
        self.run_(program, "train", "--data", "chars:text.txt", "--epochs", "2", "--quiet")
        go = lambda *words: self.say(program, "generate", "--prompt", "the ", "--length", "60", *words)
        self.assertEqual(go("--seed", "1"), go("--seed", "1"))
        self.assertNotEqual(go("--seed", "1"), go("--seed", "2"))
        self.assertEqual(go("--temperature", "0", "--seed", "1"), go("--temperature", "0", "--seed", "2"))
        self.assertEqual(go("--temperature", "0.001"), go("--temperature", "0"))
        generate = [program, "generate", "--prompt"]
        self.refuses(*generate, "", says="say --prompt with at least one character")
        self.refuses(*generate, "Zürich", says="the prompt has the character 'Z', which the model has not learnt")
        self.refuses(*generate, "the", "--temperature", "-1", says="--temperature should be a number from 0, it is -1")
        self.refuses(*generate, "the", "--temperature", "nan", says="--temperature should be a number from 0")
        self.refuses(*generate, "the", "--length", "-1", says="--length should be at least 0")
        self.assertIn("'e'", self.say(program, "nearest", "a", "--count", "40"))
        self.refuses(program, "train", "--data", f"chars:{os.path.join(system.source, 'LICENSE')}",
                     says=["different characters", "input 'text' has a vocabulary of 40", "Build the model with"])

    def test_next_character_alone(self):
        """A model with one output predicts the character behind the last; its rows are filled from the front."""
        program = self.build("""model last {
  input text: tokens[12] of 30
  output next = text |> embedding(8) |> lstm(24) |> dense(30, activation = softmax)
}
train {
  data = chars("text.txt", stride = 2)
  loss = sparse_categorical_crossentropy
  optimizer = adam(learning_rate = 0.01)
  epochs = 10
  batch = 32
}
""", output="last")
        self.write("text.txt", "one two three. " * 200)
        self.run_(program, "train", "--quiet")
        told = self.say(program, "generate", "--prompt", "one two three. one t", "--length", "24", "--temperature", "0")
        self.assertEqual(told, "one two three. one two three. one two three.\n")


if __name__ == "__main__":
    system.main()
