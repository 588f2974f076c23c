# tools.sh — functions for ./lessons/start, ./lessons/heed, ./tests/run and .ci/run: messages,
# required tools, building. This file is sourced, not run.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
  bold='' plain=''
fi

# step NAME TEXT…: prints one line for a step
step() {
  local name=$1
  shift
  printf '%s%-10s%s %s\n' "$bold" "$name" "$plain" "$*"
}

# stop STATUS TEXT…: prints the reason and exits
stop() {
  local status=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$status"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Prints the compiler to use: $CXX, else g++, else clang++.
compiler() {
  if [ -n "${CXX:-}" ]; then
    printf '%s\n' "$CXX"
  elif have g++; then
    printf 'g++\n'
  elif have clang++; then
    printf 'clang++\n'
  fi
}

# install_packages PACKAGE…: installs them with apt-get if the user has permission, else prints the
# command to run and exits.
install_packages() {
  local apt=() line="sudo apt-get update && sudo apt-get install -y $*"
  have apt-get || stop 3 "Missing: $*. This system has no apt-get, so please install them yourself."
  if [ "$(id -u)" = 0 ]; then
    apt=(env DEBIAN_FRONTEND=noninteractive)
  elif have sudo && sudo -n true 2>/dev/null; then
    apt=(sudo -n env DEBIAN_FRONTEND=noninteractive)
  else
    stop 3 "Missing: $*. Please run:  $line"
  fi
  step install "$*"
  "${apt[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 </dev/null ||
    { "${apt[@]}" apt-get update -q >/dev/null 2>&1 </dev/null &&
      "${apt[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 </dev/null; } ||
    stop 3 "Could not install $*. Is the network available? Please run:  $line"
}

# Requires a C++20 compiler, CMake and a build tool. Installs missing ones; exits if one is too old.
need_build_tools() {
  local missing=() cxx version
  cxx=$(compiler)
  if [ -n "${CXX:-}" ]; then
    have "${CXX%% *}" || stop 3 "CXX is \"$CXX\", but there is no such program."
  fi
  [ -n "$cxx" ] || missing+=(g++)
  have cmake || missing+=(cmake)
  have make || have ninja || missing+=(make)
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
  cxx=$(compiler)
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
  at_least "$version" 3.22 || stop 3 "CMake $version is too old; heed needs 3.22 or newer."
  version=$("${cxx%% *}" -dumpfullversion -dumpversion | sed 's/^\([0-9]*\)$/\1.0/')
  case $("${cxx%% *}" --version) in
    *clang*) at_least "$version" 14.0 || stop 3 "$cxx $version is too old; heed needs clang 14 or g++ 11." ;;
    *) at_least "$version" 11.0 || stop 3 "$cxx $version is too old; heed needs g++ 11 or clang 14." ;;
  esac
  step tools "$cxx $version, cmake $(cmake --version | sed -n '1s/[^0-9]*//p')"
}

# GoogleTest: the system's package. Without it CMake downloads a fixed version, which needs a
# network.
need_googletest() {
  if [ ! -e /usr/include/gtest/gtest.h ] && [ -z "${GTest_DIR:-}" ]; then
    (install_packages libgtest-dev) ||
      step tools "libgtest-dev is missing; CMake will search for GoogleTest or download it"
  fi
}

# at_least VERSION MINIMUM: compares versions
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# configure FOLDER OPTION…: runs CMake if the options or the compiler have changed since the last
# time. (The build tool itself runs CMake again if a CMakeLists.txt changes.) Warnings are errors
# only if HEED_WERROR is ON in the environment, as in .ci/run, because a user's compiler may be
# newer than all that were tested.
configure() {
  local folder=$1
  shift
  set -- "$@" -DHEED_WERROR="${HEED_WERROR:-OFF}"
  lock_build "$folder"
  # A build folder contains the absolute path of its source, so it cannot be used after the project
  # was moved.
  if [ -f "$folder/.heed-options" ] && [ "$(cat "$folder/.heed-options")" = "$* $(compiler)" ] &&
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    unlock_build
    return
  fi
  find "$folder" -mindepth 1 -maxdepth 1 ! -name .lock -exec rm -rf {} +
  local generator=()
  ! have ninja || generator=(-G Ninja)
  (cd "$root" && cmake "$@" -B "$folder" "${generator[@]}" -DCMAKE_CXX_COMPILER="$(compiler)") \
    >"$folder/configure.log" 2>&1 </dev/null || {
    tail -n 20 "$folder/configure.log" >&2
    stop 1 "CMake could not configure the build. Full log: $folder/configure.log"
  }
  printf '%s' "$* $(compiler)" >"$folder/.heed-options"
  unlock_build
}

# lock_build FOLDER: waits until no other process builds in the folder. The runner uses the same lock.
# The system releases it when the last process that holds it ends, even if that process is killed.
lock_build() {
  mkdir -p "$1"
  exec 9>"$1/.lock"
  if have flock && ! flock -n 9; then
    step wait "another ./lessons/start or ./lessons/heed is building in ${1#"$root"/}; this one continues afterwards"
    flock 9
  fi
}
unlock_build() { exec 9>&-; }

# build FOLDER TARGET…: builds and shows the progress.
build() {
  start_build "$@"
  finish_build
}

# start_build FOLDER TARGET…: starts a build in the background; finish_build waits for it. The build is
# a process group of its own, so that stop_build ends its compilers, too.
start_build() {
  lock_build "$1"
  building=$1 build_start=$SECONDS
  shift
  : >"$building/build.log"  # show_progress may open it first
  set -m
  NINJA_STATUS='[%f/%t] ' nice -n "${build_niceness:-0}" \
    cmake --build "$building" --parallel "$(nproc)" --target "$@" >"$building/build.log" 2>&1 </dev/null &
  builder=$!
  set +m
  unlock_build  # the build still holds the lock
}

stop_build() { [ -z "${builder:-}" ] || kill -TERM -- "-$builder" 2>/dev/null || true; }
trap stop_build EXIT

finish_build() {
  show_progress
  wait "$builder" || {
    builder=''
    grep -E -A4 'error|Error' "$building/build.log" | head -n 30 >&2 || true
    stop 1 "The build failed. Full log: $building/build.log"
  }
  builder=''
}

# Shows the progress until the build ends. On a terminal one line is overwritten; otherwise a line is
# printed every five seconds.
show_progress() {
  local line running=yes done=0 total=0 skipped='' step_time=0 last_shown=$SECONDS
  exec 8<"$building/build.log"
  while [ $running = yes ]; do
    kill -0 "$builder" 2>/dev/null || running=no  # before the log is read, so that its last line is read
    while IFS= read -r line <&8; do read_progress; done
    if [ -t 1 ] && [ "$total" != 0 ]; then
      printf '\r%s\033[K' "$(progress_line)"
    elif [ $((SECONDS - last_shown)) -ge 5 ] && [ "$total" != 0 ]; then
      last_shown=$SECONDS
      printf '%s\n' "$(progress_line)"
    fi
    [ $running = no ] || sleep 0.2
  done
  exec 8<&-
  if [ -t 1 ] && [ "$total" != 0 ]; then printf '\n'; fi
}

# Reads a line of the build's log: Ninja prints "[12/80] …", make "[ 15%] …". The steps before the
# first compilation copy headers. They take no time, so the estimate does not count them.
read_progress() {
  if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
    done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
  elif [[ $line =~ ^\[\ *([0-9]+)%\]\  ]]; then
    done=${BASH_REMATCH[1]} total=100
  else
    return 0
  fi
  step_time=$((SECONDS - build_start))
  [ -n "$skipped" ] || [[ $line != *Building* ]] || skipped=$((done - 1))
}

# "build       42 %, about 12 s left": the steps that remain take as long as those that are done.
progress_line() {
  local percent=0 left='' seconds=0
  if [ -n "$skipped" ] && [ "$done" -gt "$skipped" ]; then
    percent=$((100 * (done - skipped) / (total - skipped)))
    seconds=$((step_time * (total - done) / (done - skipped) - (SECONDS - build_start - step_time)))
    [ "$done" = "$total" ] || left=", about $((seconds > 1 ? seconds : 1)) s left"
  fi
  printf '%-10s %3d %%%s' build "$percent" "$left"
}
