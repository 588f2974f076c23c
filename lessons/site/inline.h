// inline.h — Markdown as HTML: the inline elements of a text, and whole pages.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lessons/site/markdown.h"

namespace heed::book {

// How a page refers to others. Each function may throw BookError.
struct Hooks {
  // The URL of a link's target.
  std::function<std::string(const std::string& target, const Location& at)> link;
  // An image as HTML.
  std::function<std::string(const std::string& target, const std::string& alt, const Location& at)> image;
  // A heading line above code that was taken from a file, as HTML.
  std::function<std::string(const Block& code, const Location& at)> origin;
  // The URL that a code span leads to, such as the page of an exercise; "" if there is none.
  std::function<std::string(std::string_view code)> reference;
};

// A part of a page that a search finds: a heading and the text below it.
struct Section {
  int level = 0;
  std::string title;   // plain text
  std::string anchor;  // unique on the page
  std::string text;    // plain text
};

struct RenderedPage {
  std::string title;  // the first heading of level 1
  std::string html;
  std::vector<Section> sections;
};

// A verdict of a claim as a coloured badge; "" for other texts.
std::string verdict_badge(std::string_view verdict);

// Renders emphasis, code spans, links, images, formulas and escapes.
std::string render_inline(std::string_view text, const Location& at, const Hooks& hooks);

// The text without markup, for titles and the search.
std::string plain_text(std::string_view markdown);

RenderedPage render_markdown(const std::vector<Block>& blocks, const std::string& file, const Hooks& hooks);

}  // namespace heed::book
