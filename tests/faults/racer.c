/* Swaps or moves names, again and again, until it is killed: `racer exchange|move PAUSE_US SEED A B [A B ...]`.
   Prints `x` after its first round, so that whoever started it knows that it is at work,
   and `L` for each time that a directory which was moved to B lost an entry while it was there. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void linger(unsigned longest_us) {
    struct timespec from, now;
    long wanted = longest_us ? rand() % (long)longest_us : 0;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - from.tv_sec) * 1000000L + (now.tv_nsec - from.tv_nsec) / 1000 < wanted);
}

static int entries(const char *path) {
    DIR *open = opendir(path);
    int found = 0;
    while (open && readdir(open))
        found++;
    if (open)
        closedir(open);
    return found;
}

int main(int argc, char **argv) {
    if (argc < 6 || argc % 2)
        return 2;
    unsigned flags = strcmp(argv[1], "move") ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    unsigned pause = (unsigned)atoi(argv[2]);
    srand((unsigned)atoi(argv[3]));
    for (unsigned long round = 0;; round++) {
        int at = 4 + 2 * (rand() % ((argc - 4) / 2));
        int there = renameat2(AT_FDCWD, argv[at], AT_FDCWD, argv[at + 1], flags) == 0;
        int before = there && flags == RENAME_NOREPLACE ? entries(argv[at + 1]) : 0;
        linger(pause);
        if (before && before > entries(argv[at + 1]) && write(1, "L", 1) != 1)
            return 1;
        if (flags == RENAME_NOREPLACE)
            renameat2(AT_FDCWD, argv[at + 1], AT_FDCWD, argv[at], flags);
        else
            renameat2(AT_FDCWD, argv[at], AT_FDCWD, argv[at + 1], flags);
        linger(pause);
        if (round == 0 && write(1, "x", 1) != 1)
            return 1;
    }
}
