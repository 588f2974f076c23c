// tensors.h — lists the tensors of this lesson's structs for the forms of the checks
// (lessons/check/forms.h).
#pragma once

#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(Projections& w, const Visit& visit) {
  visit(w.w_q);
  visit(w.w_k);
  visit(w.w_v);
}

template <class Visit>
void each_tensor(Views& views, const Visit& visit) {
  visit(views.q);
  visit(views.k);
  visit(views.v);
}

template <class Visit>
void each_tensor(Sequences& sequences, const Visit& visit) {
  visit(sequences.x);
}

}  // namespace heed::exercise
