"""Draws the data set: pictures of lying and standing strokes in noise, a folder for each, as PGM files.

python3 draw.py strokes && convoy dataset push strokes ./strokes
"""

import random
import sys
from pathlib import Path

SIDE = 16
OF_EACH = 600


def draw(is_standing, chance):
    picture = [chance.randrange(128) for _ in range(SIDE * SIDE)]
    at, begin, length = chance.randrange(4, SIDE - 4), chance.randrange(SIDE - 10), chance.randrange(6, 10)
    for along in range(begin, begin + length):
        row, column = (along, at) if is_standing else (at, along)
        picture[row * SIDE + column] = chance.randrange(192, 256)
    return bytes(picture)


def main():
    chance = random.Random(1)
    for kind in ("lying", "standing"):
        folder = Path(sys.argv[1], kind)
        folder.mkdir(parents=True)
        for number in range(OF_EACH):
            (folder / f"{number:04d}.pgm").write_bytes(b"P5 %d %d 255\n" % (SIDE, SIDE) + draw(kind == "standing", chance))


if __name__ == "__main__":
    main()
