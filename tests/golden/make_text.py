#!/usr/bin/env python3
"""Writes text.json: how Python decodes invalid UTF-8, and how the published rules of BERT and GPT-2 split text into words.

    python3 make_text.py

This is a second, independent implementation of the rules, based on Python's unicodedata. tests/data/text compares heed with it.
"""
import json
import os
import random
import unicodedata

random.seed(20181011)  # the day BERT appeared


def category(c):
    return unicodedata.category(c)


def is_whitespace(c):
    return c in "\t\n\x0b\x0c\r\x85\u2028\u2029" or category(c) == "Zs"


def is_punctuation(c):
    return c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" or category(c)[0] == "P"


def is_cjk(c):
    blocks = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
              (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]
    return any(low <= ord(c) <= high for low, high in blocks)


def bert_words(text, lower):
    cleaned = "".join(c for c in text if c not in "\0\ufffd" and (c in "\t\n\r" or category(c) not in ("Cc", "Cf")))
    spaced = "".join(f" {c} " if is_cjk(c) else " " if is_whitespace(c) else c for c in cleaned)
    words = []
    for token in spaced.split():
        if lower:
            token = "".join(c for c in unicodedata.normalize("NFD", token.lower()) if category(c) != "Mn")
        word = ""
        for c in token:
            if is_punctuation(c):
                words += [word, c]
                word = ""
            else:
                word += c
        words.append(word)
    return [w for w in words if w]


def kind(c):
    return "L" if category(c)[0] == "L" else "N" if category(c)[0] == "N" else " " if is_whitespace(c) else "other"


def gpt2_words(text):
    """'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"""
    words, position = [], 0
    while position < len(text):
        end = next((position + len(c) for c in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d") if text.startswith(c, position)), position)
        begin = position + (text[position] == " ")
        if end == position and begin < len(text) and kind(text[begin]) != " ":
            end = begin
            while end < len(text) and kind(text[end]) == kind(text[begin]):
                end += 1
        elif end == position:
            while end < len(text) and kind(text[end]) == " ":
                end += 1
            if end < len(text) and end - position > 1:
                end -= 1
        words.append(text[position:end])
        position = end
    return words


texts = ["", " ", "Hello, world!", "I'll say it's DON'T  we've\n\n done  ", "Ünïcödé ÀÉÎÕÜ ñ ç ß ẞ Ł ø İstanbul",
         "한국어 문장은 안녕하세요. 값 뷁!", "Tiếng Việt: Đường phố", "日本語のテキスト、ガギグゲゴ パピプ", "中文字符abc混排123。",
         "Ελληνικά Άέή Ώ", "ΟΔΟΣ", "ΟΔΟΣ ΣΟΦΟΣ Σ ΣΣ ΣΑΣ. ΑΣ' Α'Σ 'Σ ΑΣ'Α ΑΣ\u0301 Α\u0301Σ ΑΣ\u00ADΑ ΑΣ1 1Σ ΑΣ中Α ΑΣ.Α ΑΣ-Α ΑΣ\x01Α",
         "İİ I\u0307 ı ǅ ΐ ﬀ Ǆ Ⅷ Ⓐ", "Русский Йод Ё ё", "e\u0301 combining \u0301 alone", "a\u00a0b\u2003c\u3000d\u2028e\u200bf\u00adg",
         "١٢٣ ½ Ⅷ ² 3.14", "🙂👩‍👩‍👧 emoji ✈️", "\t tab\r\nline\x0bvertical\x07bell\x00nul", "unaffable UNwanted,running",
         "豈更 \uF900\U0002F800", "[CLS] [MASK] <|endoftext|>", "'tis 'S 's'd''ll", "हिन्दी ক়ো ไทย עברית"]
pools = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x900, 0x97F), (0x1100, 0x11FF), (0x1E00, 0x1FFF),
         (0x2000, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFFEF), (0x10000, 0x1FFFF)]
for _ in range(150):
    pool = random.sample(pools, 3) + [(0x20, 0x20), (0x20, 0x7E)]
    codes = [random.randint(*random.choice(pool)) for _ in range(random.randint(1, 24))]
    texts.append("".join(map(chr, codes)))

broken = [b"\xff", b"a\xc0\xafb", b"\xe2\x82", b"\xe2\x82\xac\xe2\x82", b"\xf0\x9f\x99", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80\x80x"]
for _ in range(200):
    good = bytearray("é한🙂a€".encode() * 2)
    for _ in range(random.randint(1, 4)):
        good[random.randrange(len(good))] = random.choice([0x80, 0xC2, 0xE2, 0xED, 0xF0, 0xFF, 0x41, random.randrange(256)])
    broken.append(bytes(good))

cases = {"made by": f"tests/golden/make_text.py, Unicode {unicodedata.unidata_version}",
         "texts": [{"text": t, "uncased": bert_words(t, True), "cased": bert_words(t, False), "gpt2": gpt2_words(t)} for t in texts],
         "broken": [{"bytes": list(b), "replaced": b.decode("utf-8", "replace")} for b in broken]}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "text.json")
with open(path + ".part", "w", encoding="ascii") as file:
    json.dump(cases, file, separators=(",", ":"))
os.replace(path + ".part", path)
print(f"{path}: {os.path.getsize(path)} bytes, {len(texts)} texts, {len(broken)} invalid byte strings")
