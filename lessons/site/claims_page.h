// claims_page.h — all measured claims of the course, from the files claims.tsv.
#pragma once

#include <string>
#include <vector>

#include "lessons/site/inline.h"
#include "lessons/site/lesson_page.h"

namespace heed::book {

struct StoredClaim {
  std::string id, sentence, measured, verdict, seeds, isa, cpu;
};

// Reads the lines of a claims.tsv: lesson, id, claim, measurement, verdict, seeds, instruction set,
// CPU, commit. Throws BookError if a line has fewer than five columns.
std::vector<StoredClaim> parse_claims(std::string_view text, const std::string& file);

// A page with a table per lesson. A claim's row has the id "claim-", its lesson, "-" and its id.
RenderedPage claims_page(const Repository& files, const std::vector<Lesson>& lessons);

}  // namespace heed::book
