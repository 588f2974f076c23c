// inline.cpp — see inline.h.
#include "lessons/site/inline.h"

#include <algorithm>
#include <cctype>

#include "lessons/site/highlight.h"
#include "lessons/site/math.h"

namespace heed::book {

namespace {

// Renders inline Markdown from left to right.
class InlineRenderer {
 public:
  InlineRenderer(std::string_view text, const Location& at, const Hooks& hooks)
      : text_(text), at_(at), hooks_(hooks) {}

  std::string run() {
    while (position_ < text_.size()) step();
    if (strong_) fail("** is not closed");
    if (emphasis_) fail("* is not closed");
    return std::move(html_);
  }

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool starts(std::string_view prefix) const { return text_.substr(position_).starts_with(prefix); }
  Location here() const {
    const std::string_view before = text_.substr(0, position_);
    int line = at_.line;
    for (const char c : before) line += c == '\n';
    return {at_.file, line};
  }
  [[noreturn]] void fail(const std::string& message) const { throw BookError(here(), message); }

  void step() {
    const char c = text_[position_];
    if (c == '\\' && std::ispunct(static_cast<unsigned char>(at(position_ + 1)))) {
      html_ += escape(text_.substr(position_ + 1, 1));
      position_ += 2;
    } else if (c == '`') {
      code_span();
    } else if (c == '*') {
      stars();
    } else if (c == '[' || starts("![")) {
      link();
    } else if (c == '$') {
      formula();
    } else if (c == '<') {
      angle();
    } else if (starts("  \n")) {
      html_ += "<br>\n";
      position_ += 3;
    } else {
      html_ += escape(text_.substr(position_, 1));
      ++position_;
    }
  }

  void code_span() {
    const std::size_t width = text_.find_first_not_of('`', position_) - position_;
    const std::string fence(text_.substr(position_, width));
    const std::size_t end = text_.find(fence, position_ + width);
    if (width > 2 || end == std::string_view::npos) fail("the code span is not closed with " + fence);
    std::string_view code = text_.substr(position_ + width, end - position_ - width);
    if (width == 2) code = trim(code);
    const std::string url = hooks_.reference ? hooks_.reference(code) : "";
    const std::string element = "<code>" + escape(code) + "</code>";
    html_ += url.empty() ? element : "<a href=\"" + escape(url) + "\">" + element + "</a>";
    position_ = end + width;
  }

  // ** opens or closes strong text, * emphasis. A * between blanks is a character.
  void stars() {
    const bool is_double = starts("**");
    const char after = at(position_ + (is_double ? 2 : 1));
    const char before = position_ > 0 ? text_[position_ - 1] : ' ';
    bool& open = is_double ? strong_ : emphasis_;
    const bool may_open = after != '\0' && !std::isspace(static_cast<unsigned char>(after));
    const bool may_close = !std::isspace(static_cast<unsigned char>(before));
    if (open ? !may_close : !may_open) {
      if (is_double) fail("** between blanks");
      html_ += '*';
    } else {
      const std::string name = is_double ? "strong" : "em";
      html_ += (open ? "</" : "<") + name + ">";
      open = !open;
    }
    position_ += is_double ? 2 : 1;
  }

  // The index of the bracket that closes the one at `begin`, or npos. Skips code spans.
  std::size_t closing(std::size_t begin, char open, char close) const {
    int depth = 0;
    bool in_code = false;
    for (std::size_t i = begin; i < text_.size(); ++i) {
      if (text_[i] == '`') in_code = !in_code;
      if (in_code) continue;
      if (text_[i] == open) ++depth;
      if (text_[i] == close && --depth == 0) return i;
    }
    return std::string_view::npos;
  }

  void link() {
    const bool is_image = text_[position_] == '!';
    const std::size_t open = position_ + (is_image ? 1 : 0);
    const std::size_t close = closing(open, '[', ']');
    if (close == std::string_view::npos || at(close + 1) != '(') {
      if (is_image) fail("expected ![description](path)");
      html_ += '[';  // brackets of a formula or an index
      ++position_;
      return;
    }
    const std::size_t end = closing(close + 1, '(', ')');
    if (end == std::string_view::npos) fail("the link is not closed with )");
    const std::string label(text_.substr(open + 1, close - open - 1));
    const std::string target(trim(text_.substr(close + 2, end - close - 2)));
    if (target.empty() || target.find_first_of(" \n") != std::string::npos)
      fail("expected a path or an address in (…), got (" + target + ")");
    if (is_image) {
      html_ += hooks_.image(target, plain_text(label), here());
    } else {
      const bool external = target.starts_with("http");
      Hooks inside = hooks_;
      inside.reference = nullptr;
      html_ += "<a href=\"" + escape(hooks_.link(target, here())) +
               (external ? "\" rel=\"noopener\">" : "\">") + render_inline(label, here(), inside) + "</a>";
    }
    position_ = end + 1;
  }

  // $…$ as on GitHub: no blank after the first and before the second $.
  void formula() {
    const std::size_t end = text_.find('$', position_ + 1);
    const bool opens =
        !std::isspace(static_cast<unsigned char>(at(position_ + 1))) && at(position_ + 1) != '$';
    if (!opens || end == std::string_view::npos || std::isspace(static_cast<unsigned char>(text_[end - 1])))
      fail("expected $formula$; write \\$ for the character");
    html_ += math_to_html(text_.substr(position_ + 1, end - position_ - 1), false, here());
    position_ = end + 1;
  }

  void angle() {
    const std::size_t end = text_.find('>', position_);
    if (starts("<http") && end != std::string_view::npos) {
      const std::string url(text_.substr(position_ + 1, end - position_ - 1));
      html_ += "<a href=\"" + escape(url) + "\" rel=\"noopener\">" + escape(url) + "</a>";
      position_ = end + 1;
      return;
    }
    for (const std::string_view tag : {"<code>", "</code>", "<br>", "<sub>", "</sub>", "<sup>", "</sup>"}) {
      if (!starts(tag)) continue;
      html_ += tag;
      position_ += tag.size();
      return;
    }
    const char after = at(position_ + 1);
    if (std::isalpha(static_cast<unsigned char>(after)) || after == '/')
      fail("unsupported HTML; write \\< for the character");
    html_ += "&lt;";
    ++position_;
  }

  std::string_view text_;
  Location at_;
  const Hooks& hooks_;
  std::string html_;
  std::size_t position_ = 0;
  bool strong_ = false, emphasis_ = false;
};

constexpr std::size_t rows_of_a_long_table = 30;
constexpr int level_of_a_row = 7;  // below all headings

// Lets a browser break long names in a narrow cell, but only after _, / and ::.
std::string breakable_code(const std::string& html) {
  std::string breakable;
  bool in_code = false;
  for (std::size_t i = 0; i < html.size(); ++i) {
    const std::string_view rest = std::string_view(html).substr(i);
    if (rest.starts_with("<code>")) in_code = true;
    if (rest.starts_with("</code>")) in_code = false;
    breakable += html[i];
    const bool ends_part =
        html[i] == '_' || (html[i] == '/' && html[i - 1] != '<') || (html[i] == ':' && html[i - 1] == ':');
    if (in_code && ends_part) breakable += "<wbr>";
  }
  return breakable;
}

// The code without the indentation that all its lines have in common.
std::string dedented(const std::string& code) {
  std::size_t common = std::string::npos;
  for (const std::string& line : split_lines(code))
    if (!trim(line).empty()) common = std::min(common, line.find_first_not_of(' '));
  std::string text;
  for (const std::string& line : split_lines(code))
    text += concat(line.substr(std::min(common, line.size())), "\n");
  return text;
}

// Renders the blocks of a page and collects its sections.
class PageRenderer {
 public:
  PageRenderer(const std::string& file, const Hooks& hooks) : file_(file), hooks_(hooks) {}

  RenderedPage run(const std::vector<Block>& blocks) {
    page_.html = render(blocks);
    return std::move(page_);
  }

 private:
  std::string inline_html(const std::string& text, int line) const {
    return render_inline(text, {file_, line}, hooks_);
  }

  void add_text(std::string_view markdown) {
    if (page_.sections.empty()) page_.sections.push_back({});
    page_.sections.back().text += plain_text(markdown) + "\n";
  }

  std::string render(const std::vector<Block>& blocks) {
    std::string html;
    for (const Block& block : blocks) html += render_block(block);
    return html;
  }

  std::string render_block(const Block& block) {
    switch (block.kind) {
      case Block::Kind::heading:
        return heading(block);
      case Block::Kind::paragraph:
        return paragraph(block);
      case Block::Kind::code:
        return code(block);
      case Block::Kind::list:
        return list(block);
      case Block::Kind::table:
        return table(block);
      case Block::Kind::quote:
        return "<blockquote>\n" + render(block.items[0]) + "</blockquote>\n";
      case Block::Kind::formula:
        return "<div class=\"formula\">" + math_to_html(block.text, true, {file_, block.line}) + "</div>\n";
      case Block::Kind::details:
        add_text(block.text);
        return "<details>\n<summary>" + inline_html(block.text, block.line) + "</summary>\n" +
               render(block.items[0]) + "</details>\n";
      case Block::Kind::rule:
        return "<hr>\n";
    }
    return "";
  }

  std::string heading(const Block& block) {
    const std::string title = plain_text(block.text);
    const std::string anchor = unique_anchor(title);
    if (page_.title.empty() && block.level == 1) page_.title = title;
    page_.sections.push_back({block.level, title, anchor, ""});
    const std::string name = "h" + std::to_string(block.level);
    return "<" + name + " id=\"" + anchor + "\">" + inline_html(block.text, block.line) +
           " <a class=\"anchor\" href=\"#" + anchor + "\" aria-label=\"Link to this section\">#</a></" +
           name + ">\n";
  }

  std::string paragraph(const Block& block) {
    add_text(block.text);
    const std::string html = inline_html(block.text, block.line);
    return html.starts_with("<figure") ? html + "\n" : "<p>" + html + "</p>\n";
  }

  std::string code(const Block& block) const {
    const Location at{file_, block.line};
    const std::string origin = block.path.empty() || !hooks_.origin ? "" : hooks_.origin(block, at);
    const std::string language = block.language.empty() ? "plain" : escape(block.language);
    return "<div class=\"listing " + language + "\">" + origin + "<pre tabindex=\"0\"><code>" +
           highlight_html(dedented(block.text), language_of(block.language)) + "</code></pre></div>\n";
  }

  std::string list(const Block& block) {
    const std::string name = block.ordered ? "ol" : "ul";
    std::string html = "<" + name + ">\n";
    for (const std::vector<Block>& item : block.items) {
      html += "<li>";
      for (const Block& inside : item) {
        if (inside.kind == Block::Kind::paragraph && !block.loose) {
          add_text(inside.text);
          html += inline_html(inside.text, inside.line) + "\n";
        } else {
          html += render_block(inside);
        }
      }
      html += "</li>\n";
    }
    return html + "</" + name + ">\n";
  }

  std::string table(const Block& block) {
    std::string html =
        "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>\n<thead>";
    for (std::size_t r = 0; r < block.rows.size(); ++r) {
      const int line = block.line + static_cast<int>(r) + (r > 0 ? 1 : 0);
      html += "<tr" + (r > 0 ? row_id(block, r) : "") + ">";
      for (std::size_t c = 0; c < block.rows[r].size(); ++c) {
        const std::string name = r == 0 ? "th" : "td";
        const std::string& align = block.alignment[c];
        add_text(block.rows[r][c]);
        const std::string kind = align.empty() ? "" : concat(" class=\"", align, "\"");
        html += concat("<", name, kind, ">", cell_html(block.rows[r][c], line), "</", name, ">");
      }
      html += "</tr>\n" + std::string(r == 0 ? "</thead>\n<tbody>" : "");
    }
    return html + "</tbody></table></div>\n";
  }

  // The rows of a long table, such as the glossary, have anchors, so that a search finds each row.
  std::string row_id(const Block& block, std::size_t row) {
    if (block.rows.size() <= rows_of_a_long_table) return "";
    const std::string title = plain_text(block.rows[row].front());
    const std::string anchor = unique_anchor(title);
    page_.sections.push_back({level_of_a_row, title, anchor, ""});
    return " id=\"" + anchor + "\"";
  }

  std::string unique_anchor(const std::string& title) {
    const std::string anchor = anchor_of(title);
    const int count = anchors_[anchor]++;
    return count > 0 ? anchor + "-" + std::to_string(count) : anchor;
  }

  // A cell that contains only a verdict is shown as a badge.
  std::string cell_html(const std::string& cell, int line) const {
    const std::string badge = verdict_badge(cell);
    return badge.empty() ? breakable_code(inline_html(cell, line)) : badge;
  }

  std::string file_;
  const Hooks& hooks_;
  RenderedPage page_;
  std::map<std::string, int> anchors_;
};

}  // namespace

std::string verdict_badge(std::string_view verdict) {
  static const std::map<std::string_view, std::string_view> classes = {{"holds", "holds"},
                                                                       {"does not hold", "fails"},
                                                                       {"could not be measured", "unknown"},
                                                                       {"true by construction", "identity"}};
  const auto found = classes.find(verdict);
  const bool varies = verdict.starts_with("holds for ") && verdict.find(" seeds") != std::string_view::npos;
  if (varies) return "<span class=\"badge varies\">" + escape(verdict) + "</span>";
  if (found == classes.end()) return "";
  return "<span class=\"badge " + std::string(found->second) + "\">" + std::string(verdict) + "</span>";
}

std::string render_inline(std::string_view text, const Location& at, const Hooks& hooks) {
  return InlineRenderer(text, at, hooks).run();
}

std::string plain_text(std::string_view markdown) {
  std::string text;
  bool in_code = false;
  for (std::size_t i = 0; i < markdown.size(); ++i) {
    const char c = markdown[i];
    if (c == '`') in_code = !in_code;
    if (c == '`' || (!in_code && (c == '*' || c == '$'))) continue;
    const bool label_ends = c == ']' && !in_code && i + 1 < markdown.size() && markdown[i + 1] == '(';
    const bool label_begins = c == '[' && !in_code && markdown.find("](", i) != std::string_view::npos;
    if (label_ends) i = std::min(markdown.find(')', i), markdown.size());
    if (label_ends || label_begins) continue;
    const bool is_tag =
        c == '<' && !in_code &&
        (markdown.substr(i).starts_with("<code>") || markdown.substr(i).starts_with("</code>"));
    if (is_tag)
      i = markdown.find('>', i);
    else
      text += c;
  }
  return text;
}

RenderedPage render_markdown(const std::vector<Block>& blocks, const std::string& file, const Hooks& hooks) {
  return PageRenderer(file, hooks).run(blocks);
}

}  // namespace heed::book
