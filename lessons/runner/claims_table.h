// claims_table.h — the table of a lesson's claims, from the results that are stored in claims.tsv.
#pragma once

#include <string>

namespace heed::runner {

// Returns a Markdown table with one row per claim and one column per instruction set. `tsv` holds
// lines of program, id, claim, measured, verdict, seeds, instruction set, CPU and commit, separated
// by tabs. Throws EnvironmentError with the line number if a line has another number of fields or a
// claim lacks an instruction set. `shown` is the file's name for that message.
std::string claims_table(const std::string& tsv, const std::string& shown);

}  // namespace heed::runner
