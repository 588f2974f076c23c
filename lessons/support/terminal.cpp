#include "lessons/support/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "data/utf8.h"
#include "lessons/support/lesson.h"

namespace heed::lessons {

bool is_terminal() {
  static const bool yes = isatty(STDOUT_FILENO) == 1;
  return yes;
}

bool has_colour() {
  static const bool yes = [] {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return is_terminal() && !(no_color && *no_color) && term && std::string(term) != "dumb";
  }();
  return yes;
}

static std::string styled(const char* code, const std::string& text) {
  return has_colour() && !text.empty() ? concat("\033[", code, "m", text, "\033[0m") : text;
}
std::string bold(const std::string& text) { return styled("1", text); }
std::string dim(const std::string& text) { return styled("2", text); }

// ---- images ---------------------------------------------------------------------------------------------

// One of the 24 greys of the 256-colour table. Larger values are lighter, because most terminals
// have a dark background.
static int grey(double fraction) {
  return 232 + static_cast<int>(std::lround(23 * std::clamp(fraction, 0.0, 1.0)));
}

static std::string shade(double fraction) {
  static const char* const shades[] = {" ", "░", "▒", "▓", "█"};
  return shades[std::lround(4 * std::clamp(fraction, 0.0, 1.0))];
}

static std::string cell(double fraction) {
  if (has_colour()) return concat("\033[48;5;", grey(fraction), "m  \033[0m");
  return shade(fraction) + shade(fraction);
}

std::string text_image(const Tensor& x, double top) {
  std::string out;
  for (index_t r = 0; r < x.size(0); ++r) {
    for (index_t c = 0; c < x.size(1); ++c) out += cell(x.at({r, c}) / top);
    if (r + 1 < x.size(0)) out += '\n';
  }
  return out;
}

std::size_t columns(const std::string& text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\033') {  // the escape sequences of this file end with m
      i = text.find('m', i);
      if (i == std::string::npos) break;
      ++i;
      continue;
    }
    const data::Character c = data::decode_utf8(text, i);
    n += c.code >= 0xA000 && c.code <= 0xDFFF ? 2 : 1;  // Hangul syllables are two columns wide
    i += c.length;
  }
  return n;
}

static std::string right_aligned(const std::string& text, std::size_t width) {
  const std::size_t n = columns(text);
  return n < width ? std::string(width - n, ' ') + text : text;
}

static std::string coloured(double value, const std::string& text) {
  return concat("\033[48;5;", grey(value), ";38;5;", value > 0.5 ? 232 : 255, "m", text, "\033[0m");
}

// " 0.42 ", with dark text on light cells and light text on dark cells.
static std::string number_cell(double value, int decimals, std::size_t width) {
  std::string text = right_aligned(fixed(value, decimals), width - 1) + " ";
  return has_colour() ? coloured(value, text) : text;
}

// "▒.42" in 4 columns, wider cells centred to the right.
static std::string compact_cell(double value, bool masked, std::size_t width) {
  const std::string digits = fixed(value, 2);
  const std::string number = masked ? "╱╱╱" : digits == "1.00" ? "1.0" : digits.substr(digits.find('.'));
  if (has_colour() && !masked) return coloured(value, right_aligned(number + " ", width));
  return right_aligned((masked ? " " : shade(value)) + number, width);
}

// The characters of a name, or of its beginning and … if it is wider than 12 columns.
static std::vector<std::string> characters_of(const std::string& name) {
  constexpr std::size_t widest = 12;
  std::vector<std::string> characters;
  std::size_t width = 0;
  const bool fits = columns(name) <= widest;
  for (std::size_t i = 0; i < name.size();) {
    const std::string c = name.substr(i, data::decode_utf8(name, i).length);
    width += columns(c);
    if (!fits && width >= widest) break;
    characters.push_back(c);
    i += c.size();
  }
  if (!fits) characters.emplace_back("…");
  return characters;
}

static std::string joined_characters(const std::vector<std::string>& characters) {
  std::string name;
  for (const std::string& c : characters) name += c;
  return name;
}

static std::string compact_heat_map(const Tensor& x, const HeatMap& options) {
  std::vector<std::vector<std::string>> names;
  std::size_t name_width = 0, widest = 0, height = 0;
  for (const std::string& name : options.rows)
    name_width = std::max(name_width, columns(joined_characters(characters_of(name))));
  for (const std::string& name : options.columns) {
    names.push_back(characters_of(name));
    height = std::max(height, names.back().size());
    widest = std::max(widest, columns(joined_characters(names.back())));
  }
  const std::size_t most = static_cast<std::size_t>(x.size(1)) * (std::max<std::size_t>(widest, 3) + 1);
  const bool downwards = name_width + 2 + most > 38;  // two maps side by side
  const std::size_t width = downwards ? 4 : std::max<std::size_t>(widest, 3) + 1;
  std::string out;
  for (std::size_t line = downwards ? 0 : height - 1; line < height; ++line) {
    out += std::string(name_width + 2, ' ');
    for (const auto& name : names) {
      const bool blank = line + name.size() < height;  // names end in the last line
      const std::string part = !downwards ? joined_characters(name)
                               : blank    ? ""
                                          : name[line + name.size() - height];
      out += right_aligned(part, width);
    }
    out += '\n';
  }
  for (index_t r = 0; r < x.size(0); ++r) {
    const auto row = static_cast<std::size_t>(r);
    const std::string name = options.rows.empty() ? "" : joined_characters(characters_of(options.rows[row]));
    out += right_aligned(name, name_width) + "  ";
    for (index_t c = 0; c < x.size(1); ++c)
      out += compact_cell(x.at({r, c}), options.allowed.defined() && !options.allowed.at({r, c}), width);
    out += '\n';
  }
  return out;
}

std::string heat_map(const Tensor& x, const HeatMap& options) {
  if (options.compact) return compact_heat_map(x, options);
  std::size_t name_width = 0, width = static_cast<std::size_t>(options.decimals) + 4;
  for (const auto& name : options.rows) name_width = std::max(name_width, columns(name));
  for (const auto& name : options.columns) width = std::max(width, columns(name) + 2);
  std::string out;
  if (!options.columns.empty()) {
    out += std::string(name_width + 2, ' ');
    for (const auto& name : options.columns) out += right_aligned(name, width - 1) + " ";
    out += '\n';
  }
  for (index_t r = 0; r < x.size(0); ++r) {
    const std::string name = options.rows.empty() ? "" : options.rows[static_cast<std::size_t>(r)];
    out += right_aligned(name, name_width) + "  ";
    for (index_t c = 0; c < x.size(1); ++c) {
      const bool masked = options.allowed.defined() && !options.allowed.at({r, c});
      out +=
          masked ? right_aligned("╱╱╱", width - 1) + " " : number_cell(x.at({r, c}), options.decimals, width);
    }
    out += '\n';
  }
  return out;
}

std::string cells(const std::vector<std::string>& texts, const std::vector<int>& widths) {
  check(texts.size() == widths.size(), "cells", "expected one width per text, got ", texts.size(),
        " texts and ", widths.size(), " widths");
  std::string line;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto width = static_cast<std::size_t>(std::abs(widths[i])), used = columns(texts[i]);
    const std::string space(used < width ? width - used : 0, ' ');
    line += widths[i] < 0 ? texts[i] + space : space + texts[i];
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

std::string indented(const std::string& block, int by) {
  std::string out;
  std::istringstream in(block);
  for (std::string line; std::getline(in, line);)
    out += std::string(static_cast<std::size_t>(by), ' ') + line + "\n";
  return out;
}

std::string beside(const std::vector<std::string>& blocks, int gap) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::size_t> widths;
  std::size_t height = 0;
  for (const std::string& block : blocks) {
    std::istringstream in(block);
    lines.emplace_back();
    widths.push_back(0);
    for (std::string line; std::getline(in, line);) {
      widths.back() = std::max(widths.back(), columns(line));
      lines.back().push_back(line);
    }
    height = std::max(height, lines.back().size());
  }
  std::string out;
  for (std::size_t row = 0; row < height; ++row) {
    for (std::size_t b = 0; b < lines.size(); ++b) {
      const std::string line = row < lines[b].size() ? lines[b][row] : "";
      const bool last = b + 1 == lines.size();
      out += line;
      if (!last) out += std::string(widths[b] - columns(line) + static_cast<std::size_t>(gap), ' ');
    }
    out += '\n';
  }
  return out;
}

// ---- progress ---------------------------------------------------------------------------------------------

Progress::Progress(std::string name, std::int64_t total, bool quiet)
    : name_(std::move(name)),
      total_(std::max<std::int64_t>(total, 1)),
      quiet_(quiet),
      animated_(is_terminal()) {}

Progress::~Progress() {
  if (drawn_ && animated_) std::cout << std::endl;
}

void Progress::update(std::int64_t done, const std::string& note) {
  if (quiet_) return;
  const double fraction = static_cast<double>(done) / static_cast<double>(total_);
  const double left = done > 0 ? seconds() * (1 - fraction) / fraction : 0;
  const std::string time =
      done < total_ ? concat(std::lround(left), " s left") : concat(fixed(seconds(), 1), " s");
  if (!animated_) {
    const std::int64_t tenth = done * 10 / total_;
    if (tenth == last_tenth_) return;
    last_tenth_ = tenth;
    std::cout << "  " << name_ << " " << done << "/" << total_ << "  " << note << "  " << time << std::endl;
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && done < total_ && now - last_drawn_ < std::chrono::milliseconds(60)) return;
  last_drawn_ = now;
  drawn_ = true;
  constexpr int width = 20;
  const std::int64_t full = width * done / total_;
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < full ? "━" : "─";
  // "\033[K" clears the rest of a longer line that was drawn before.
  std::cout << "\r  " << name_ << " " << bar << right_aligned(concat(std::lround(100 * fraction)), 4)
            << " %  " << note << "  " << time << "\033[K" << std::flush;
}

}  // namespace heed::lessons
