// optim.h — includes all headers of optim/.
#pragma once

#include "optim/adam.h"
#include "optim/average.h"
#include "optim/clip.h"
#include "optim/optimizer.h"
#include "optim/rmsprop.h"
#include "optim/schedule.h"
#include "optim/sgd.h"
