#!/usr/bin/env python3
"""Writes unicode_tables.inc from Python's unicodedata; run it again for a newer Unicode.

    python3 unicode_tables.py
"""
import os
import sys
import unicodedata

SURROGATES = range(0xD800, 0xE000)
HANGUL = range(0xAC00, 0xD7A4)  # taken apart by arithmetic, see fold() in unicode.cpp


def ranges(wanted):
    """The code points whose character is wanted, as ranges [first, last]."""
    found = []
    for code in range(sys.maxunicode + 1):
        if code in SURROGATES or not wanted(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def category(wanted):
    return lambda c: wanted(unicodedata.category(c))


# Python has no function for the properties Cased and Case_Ignorable, but str.lower() uses them: a capital sigma is final
# (ς) if no cased letter follows, after any number of case-ignorable characters.
def is_skipped_or_cased(c):
    return ("ΑΣ" + c + "Α").lower()[1] == "σ"


def is_cased(c):
    return ("ΑΣ" + c).lower()[1] == "σ"


def folded(code):
    """Lower case, canonically decomposed, without accents."""
    apart = unicodedata.normalize("NFD", chr(code).lower())
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")


def row_of(kind, row):
    first, *rest = [f"0x{n:X}" for n in row]
    rest = ", ".join(rest)
    return f"{{{first}, {{{rest}}}}}," if kind == "Fold" else f"{{{first}, {rest}}},"


def table(name, comment, kind, rows, per_line):
    out = [f"// {comment}", f"inline constexpr {kind} {name}[] = {{"]
    for i in range(0, len(rows), per_line):
        out.append("    " + " ".join(row_of(kind, row) for row in rows[i:i + per_line]))
    return out + ["};"]


folds = []
for code in range(0x80, sys.maxunicode + 1):
    if code in SURROGATES or code in HANGUL or unicodedata.category(chr(code)) == "Mn":
        continue
    to = [ord(c) for c in folded(code)]
    if to != [code]:
        assert 1 <= len(to) <= 3, hex(code)
        folds.append([code, *to, *[0] * (3 - len(to))])
# Neighbours that move by the same distance become one row: {first, last, step, distance}.
runs, singles = [], []
i = 0
while i < len(folds):
    first, to, *more = folds[i]
    n = 1
    step = folds[i + 1][0] - first if i + 1 < len(folds) else 1
    while more == [0, 0] and i + n < len(folds) and folds[i + n][2] == 0 and step <= 2 and \
            folds[i + n][0] == first + step * n and folds[i + n][1] - folds[i + n][0] == to - first:
        n += 1
    if n >= 3:
        runs.append([first, folds[i + n - 1][0], step, (to - first) % 2**32])
        i += n
    else:
        singles.append([first, *[n for n in folds[i][1:] if n]])
        i += 1

lines = [f"// unicode_tables.inc — made by unicode_tables.py from Unicode {unicodedata.unidata_version}; not to be edited.",
         "", "namespace heed::data::unicode {", "", "// clang-format off",
         "struct Range { char32_t first, last; };",
         "struct Run { char32_t first, last, step, distance; };  // distance added modulo 2^32",
         "struct Fold { char32_t from, to[3]; };                 // up to three characters, then 0", ""]
for name, comment, wanted in [("letters", "Categories L*.", category(lambda c: c[0] == "L")),
                              ("numbers", "Categories N*.", category(lambda c: c[0] == "N")),
                              ("marks", "Category Mn: accents and other marks that take no place.",
                               category(lambda c: c == "Mn")),
                              ("punctuation", "Categories P*.", category(lambda c: c[0] == "P")),
                              ("controls", "Categories Cc and Cf.", category(lambda c: c in ("Cc", "Cf"))),
                              ("cased", "Property Cased without Case_Ignorable.", is_cased),
                              ("case_ignorable", "Property Case_Ignorable.",
                               lambda c: is_skipped_or_cased(c) and not is_cased(c))]:
    lines += table(name, comment, "Range", ranges(wanted), 7) + [""]
lines += table("fold_runs", "Lower case without accents: those that move together,", "Run", runs, 4) + [""]
lines += table("folds", "and the others.", "Fold", singles, 5)
lines += ["// clang-format on", "", "}  // namespace heed::data::unicode"]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "unicode_tables.inc")
with open(path, "w", encoding="utf-8") as file:
    file.write("\n".join(lines) + "\n")
print(f"{path}: {len(lines)} lines, {len(runs)} runs, {len(singles)} single folds")
