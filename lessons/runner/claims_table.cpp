#include "lessons/runner/claims_table.h"

#include <algorithm>
#include <map>
#include <vector>

#include "lessons/runner/paths.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

struct Result {
  std::string measured, verdict;
  bool operator==(const Result&) const = default;
};

struct Row {
  std::string id, claim;
  std::map<std::string, Result> results;  // by instruction set
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', begin)) {
    fields.push_back(line.substr(begin, tab - begin));
    begin = tab + 1;
  }
  fields.push_back(line.substr(begin));
  return fields;
}

// "AVX-512" for "avx512".
std::string title_of(const std::string& isa) {
  const std::map<std::string, std::string> titles = {
      {"avx2", "AVX2"}, {"avx512", "AVX-512"}, {"neon", "NEON"}, {"portable", "portable"}};
  return titles.contains(isa) ? titles.at(isa) : isa;
}

// The common value of all instruction sets, otherwise "AVX-512: …; AVX2: …".
std::string merged(const Row& row, const std::vector<std::string>& isas, std::string Result::*field) {
  const std::string& first = row.results.at(isas[0]).*field;
  bool same = true;
  std::string text;
  for (const std::string& isa : isas) {
    const std::string& value = row.results.at(isa).*field;
    same = same && value == first;
    text += concat(text.empty() ? "" : "; ", title_of(isa), ": ", value);
  }
  return same ? first : text;
}

}  // namespace

std::string claims_table(const std::string& tsv, const std::string& shown) {
  std::vector<Row> rows;
  std::vector<std::string> isas;
  int number = 0;
  for (const std::string& line : lines_of(tsv)) {
    ++number;
    const std::vector<std::string> f = fields_of(line);
    if (f.size() != 9)
      throw EnvironmentError(concat(shown, ":", number, ": expected 9 fields, got ", f.size()));
    auto row = std::ranges::find(rows, f[1], &Row::id);
    if (row == rows.end()) row = rows.insert(rows.end(), {f[1], f[2], {}});
    row->results[f[6]] = {f[3], f[4]};
    if (std::ranges::find(isas, f[6]) == isas.end()) isas.push_back(f[6]);
  }
  std::string table = "| claim | measured | verdict |\n|---|---|---|\n";
  for (const Row& row : rows) {
    if (row.results.size() != isas.size())
      throw EnvironmentError(concat(shown, ": expected the claim ", row.id, " for each instruction set"));
    table += concat("| ", row.claim, " | ", merged(row, isas, &Result::measured), " | ",
                    merged(row, isas, &Result::verdict), " |\n");
  }
  return table;
}

}  // namespace heed::runner
