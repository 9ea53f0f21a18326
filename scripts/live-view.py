#!/usr/bin/env python3
"""Records the live view of `kolumn demo` and writes it as docs/live-view.svg.

    cargo build --release && scripts/live-view.py [target/release/kolumn]

Needs tmux, and nothing else: the terminal's contents, colours included, become an SVG of text, so the picture is small and sharp.
"""
import html
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, LINES = 124, 34
CELL_WIDTH, CELL_HEIGHT = 8.4, 18
SESSION = "kolumn-live-view"
BACKGROUND, FOREGROUND = "#16181d", "#d7dae0"
PALETTE = ["#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
           "#7f848e", "#ef8a92", "#b5e08f", "#f0d399", "#8ac6ff", "#dd9af0", "#7fd3de", "#ffffff"]


def tmux(*words):
    return subprocess.run(["tmux", "-L", SESSION, *words], check=True, capture_output=True, text=True).stdout


def record(binary, seconds):
    """What the terminal shows after so many seconds, as lines with escape sequences."""
    command = f"{binary} demo --rate 20000 --partitions 4 --seed 7"
    tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), "-s", SESSION, f"env COLORTERM=truecolor TERM=tmux-256color {command}")
    try:
        time.sleep(seconds)
        return tmux("capture-pane", "-e", "-p", "-t", SESSION).split("\n")[:LINES]
    finally:
        subprocess.run(["tmux", "-L", SESSION, "kill-server"], check=False)


def colour(words):
    """The colour that the words after 38 or 48 name, and the words that are left."""
    if words[0] == 5:
        number, rest = words[1], words[2:]
        if number < 16:
            return PALETTE[number], rest
        if number >= 232:
            level = 8 + 10 * (number - 232)
            return f"#{level:02x}{level:02x}{level:02x}", rest
        number -= 16
        levels = [0, 95, 135, 175, 215, 255]
        red, green, blue = levels[number // 36], levels[number // 6 % 6], levels[number % 6]
        return f"#{red:02x}{green:02x}{blue:02x}", rest
    return "#{:02x}{:02x}{:02x}".format(*words[1:4]), words[4:]


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fore, self.back, self.bold, self.dim, self.reverse = None, None, False, False, False

    def apply(self, words):
        while words:
            word, words = words[0], words[1:]
            if word == 0:
                self.reset()
            elif word == 1:
                self.bold = True
            elif word == 2:
                self.dim = True
            elif word == 22:
                self.bold = self.dim = False
            elif word == 7:
                self.reverse = True
            elif word == 27:
                self.reverse = False
            elif 30 <= word <= 37:
                self.fore = PALETTE[word - 30]
            elif 90 <= word <= 97:
                self.fore = PALETTE[word - 82]
            elif 40 <= word <= 47:
                self.back = PALETTE[word - 40]
            elif 100 <= word <= 107:
                self.back = PALETTE[word - 92]
            elif word == 38:
                self.fore, words = colour(words)
            elif word == 48:
                self.back, words = colour(words)
            elif word == 39:
                self.fore = None
            elif word == 49:
                self.back = None

    def colours(self):
        fore, back = self.fore or FOREGROUND, self.back
        return (back or BACKGROUND, fore) if self.reverse else (fore, back)


def draw(lines):
    width, height = COLUMNS * CELL_WIDTH + 24, LINES * CELL_HEIGHT + 24
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14">',
             f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>']
    style = Style()
    for row, line in enumerate(lines):
        column = 0
        for piece in re.split(r"(\x1b\[[0-9;:]*m)", line):
            if piece.startswith("\x1b["):
                style.apply([int(word or 0) for word in re.split("[;:]", piece[2:-1])])
                continue
            piece = re.sub(r"\x1b[()][0-9A-B]|[\x00-\x1f]", "", piece)
            if not piece:
                continue
            fore, back = style.colours()
            x, y, run = 12 + column * CELL_WIDTH, 12 + row * CELL_HEIGHT, len(piece) * CELL_WIDTH
            if back:
                parts.append(f'<rect x="{x:.1f}" y="{y}" width="{run:.1f}" height="{CELL_HEIGHT}" fill="{back}"/>')
            if piece.strip():
                weight = ' font-weight="bold"' if style.bold else ""
                faint = ' opacity="0.6"' if style.dim else ""
                parts.append(f'<text x="{x:.1f}" y="{y + 14}" fill="{fore}" textLength="{run:.1f}" xml:space="preserve"{weight}{faint}>{html.escape(piece)}</text>')
            column += len(piece)
    return "\n".join(parts + ["</svg>", ""])


def main():
    binary = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/kolumn").resolve()
    picture = ROOT / "docs/live-view.svg"
    picture.write_text(draw(record(binary, 8)))
    print(picture)


if __name__ == "__main__":
    main()
