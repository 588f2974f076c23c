// claims_page.cpp — see claims_page.h.
#include "lessons/site/claims_page.h"

#include <algorithm>
#include <map>
#include <set>

namespace heed::book {

namespace {

// "lessons/02_scaled…" gives "02", "lessons/10_bert" gives "10_bert": the name of the program.
std::string program_of(const Lesson& lesson) {
  return lesson.number == "10" ? lesson.folder.substr(lesson.folder.rfind('/') + 1) : lesson.number;
}

std::string verdict_html(const std::string& verdict) {
  const std::string badge = verdict_badge(verdict);
  return badge.empty() ? escape(verdict) : badge;
}

// The measurement on another instruction set, if it differs.
std::string other_html(const StoredClaim& claim, const StoredClaim& other) {
  if (other.measured == claim.measured && other.verdict == claim.verdict) return "";
  return "<br><span class=\"facts\">" + escape(other.isa) + ": " + escape(other.measured) +
         (other.verdict == claim.verdict ? "" : " — " + escape(other.verdict)) + "</span>";
}

// A row per claim. A file contains a claim once for each instruction set on which it was measured.
std::string claims_table(const std::vector<StoredClaim>& claims, const std::string& program,
                         Section& section) {
  std::vector<const StoredClaim*> first;
  std::map<std::string, std::string> measured;
  for (const StoredClaim& claim : claims) {
    const auto same = [&](const StoredClaim* other) { return other->id == claim.id; };
    const auto known = std::find_if(first.begin(), first.end(), same);
    measured[claim.id] += known == first.end() ? escape(claim.measured) : other_html(**known, claim);
    if (known == first.end()) first.push_back(&claim);
  }
  std::string html =
      "<div class=\"table\" "
      "tabindex=\"0\"><table>\n<thead><tr><th>claim</th><th>measured</th><th>verdict</th></tr></"
      "thead>\n<tbody>";
  for (const StoredClaim* claim : first) {
    html += "<tr id=\"claim-" + program + "-" + escape(claim->id) + "\"><td>" + escape(claim->sentence) +
            "</td><td>" + measured[claim->id] + "</td><td>" + verdict_html(claim->verdict) + "</td></tr>\n";
    section.text += claim->sentence + "\n" + claim->measured + "\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

std::vector<StoredClaim> parse_claims(std::string_view text, const std::string& file) {
  std::vector<StoredClaim> claims;
  int line = 0;
  for (const std::string& row : split_lines(text)) {
    ++line;
    std::vector<std::string> cells = split(row, '\t');
    if (cells.size() < 5)
      throw BookError({file, line}, "expected lesson, id, claim, measurement and verdict between tabs, got " +
                                        std::to_string(cells.size()) + " columns");
    cells.resize(8);
    claims.push_back({cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7]});
  }
  return claims;
}

RenderedPage claims_page(const Repository& files, const std::vector<Lesson>& lessons) {
  RenderedPage page;
  page.title = "All claims";
  int count = 0;
  for (const Lesson& lesson : lessons) {
    const std::string file = lesson.folder + "/claims.tsv";
    if (!files.exists(file)) continue;
    const std::vector<StoredClaim> claims = parse_claims(files.text(file), file);
    if (claims.empty()) continue;
    std::set<std::string> ids;
    for (const StoredClaim& claim : claims) ids.insert(claim.id);
    count += static_cast<int>(ids.size());
    const std::string program = program_of(lesson);
    Section section{2, lesson.number + " · " + lesson.title, "lesson-" + program, ""};
    page.html += "<h2 id=\"" + section.anchor + "\">" + escape(section.title) + "</h2>\n<p>" + "<a href=\"" +
                 relative_url("lessons/claims.html", lesson.page) +
                 "\">Read the lesson</a>, or measure again: <code>./lessons/heed lesson " + program +
                 " --seeds 5</code></p>\n" + claims_table(claims, program, section);
    const StoredClaim& first = claims.front();
    if (!first.isa.empty())
      page.html += "<p class=\"facts\">Seeds " + escape(first.seeds) + " · " + escape(first.isa) + " · " +
                   escape(first.cpu) + "</p>\n";
    page.sections.push_back(section);
  }
  page.html =
      "<h1 id=\"all-claims\">All claims</h1>\n<p>The lessons measure " + std::to_string(count) +
      " claims. A measurement is a mean over five random seeds, with the lowest and the highest value in "
      "parentheses. A claim that is <em>true by construction</em> is an identity: it is checked, but it is "
      "no "
      "evidence.</p>\n" +
      page.html;
  return page;
}

}  // namespace heed::book
