/* Preloaded into a process under test: counts every call that changes a filesystem, and makes one of them fail.
   In the mode LOOK it counts instead those that look at what lies below a directory `media`, and refuses some of them.

   The process arms it itself (`fault_arm`) once its scene stands, so that only what is tested is counted. A call is
   counted before it is made; of writes those to regular files, of opens those that may create one. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum mode { OFF, COUNT, BEFORE, AFTER, TORN, CUT, ERROR, LOOK };
#define MOST 100000
#define FS_IOC_SHUTDOWN 0x8004587D

static _Atomic int calls;
static int mode, at, error_number, times, cut_flags;
static int filesystem = -1;
static const char *names[MOST];
static const char *failing;

/* Begin to count; at call number `number` (from 1) do what `what` says. */
void fault_arm(int what, int number, int error, int how_often, int filesystem_fd, int flags)
{
    calls = 0;
    mode = what;
    at = number;
    error_number = error;
    times = how_often;
    filesystem = filesystem_fd;
    cut_flags = flags;
    failing = NULL;
}

int fault_count(void) { return calls; }
const char *fault_name(int number) { return number >= 1 && number <= calls && number < MOST ? names[number] : ""; }

static void die(void)
{
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;)
        syscall(SYS_pause);
}

static void cut(void)
{
    unsigned int flags = cut_flags;
    syscall(SYS_ioctl, filesystem, FS_IOC_SHUTDOWN, &flags);
    die();
}

/* Whether the call of that number and name is refused. Sets errno then. */
static int refused(int number, const char *name)
{
    if (number < at || at == 0)
        return 0;
    if (number == at)
        failing = name;
    /* The same call again is the next try of it; any other is not what is tested. */
    if (failing == NULL || strcmp(failing, name) != 0 || times == 0)
        return 0;
    if (times > 0)
        times--;
    errno = error_number;
    return 1;
}

static int count(const char *name)
{
    int number = ++calls;
    if (number < MOST)
        names[number] = name;
    return number;
}

/* Count one call that changes something; whether it must fail. */
static int enter(const char *name)
{
    if (mode == OFF || mode == LOOK)
        return 0;
    int number = count(name);
    if (mode == BEFORE && number == at)
        die();
    if (mode == CUT && number == at)
        cut();
    return mode == ERROR && refused(number, name);
}

/* Count one call that looks at something below `media`; whether it must fail. */
static int look(const char *name, int fd)
{
    if (mode != LOOK || fd < 0)
        return 0;
    char link[32], path[4096];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length < 0)
        return 0;
    path[length] = 0;
    return strstr(path, "/media") != NULL && refused(count(name), name);
}

static void leave(void)
{
    if ((mode == AFTER || mode == TORN) && calls == at)
        die();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CALL(type, name, parameters, arguments) \
    type name parameters                        \
    {                                           \
        if (enter(#name))                       \
            return -1;                          \
        type found = REAL(name) arguments;      \
        int kept = errno;                       \
        leave();                                \
        errno = kept;                           \
        return found;                           \
    }

CALL(int, unlink, (const char *p), (p))
CALL(int, unlinkat, (int d, const char *p, int f), (d, p, f))
CALL(int, rmdir, (const char *p), (p))
CALL(int, mkdir, (const char *p, mode_t m), (p, m))
CALL(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m))
CALL(int, rename, (const char *a, const char *b), (a, b))
CALL(int, renameat, (int d, const char *a, int e, const char *b), (d, a, e, b))
CALL(int, renameat2, (int d, const char *a, int e, const char *b, unsigned int f), (d, a, e, b, f))
CALL(int, link, (const char *a, const char *b), (a, b))
CALL(int, linkat, (int d, const char *a, int e, const char *b, int f), (d, a, e, b, f))
CALL(int, symlink, (const char *a, const char *b), (a, b))
CALL(int, symlinkat, (const char *a, int d, const char *b), (a, d, b))
CALL(int, ftruncate, (int f, off_t n), (f, n))
CALL(int, ftruncate64, (int f, off64_t n), (f, n))
CALL(int, fchmod, (int f, mode_t m), (f, m))
CALL(int, futimens, (int f, const struct timespec t[2]), (f, t))
CALL(int, utimensat, (int d, const char *p, const struct timespec t[2], int f), (d, p, t, f))
CALL(int, fsync, (int f), (f))
CALL(int, fdatasync, (int f), (f))
CALL(int, syncfs, (int f), (f))

ssize_t write(int fd, const void *data, size_t size)
{
    struct stat found;
    ssize_t (*real)(int, const void *, size_t) = REAL(write);
    if (mode == OFF || mode == LOOK || fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        return real(fd, data, size);
    if (enter("write"))
        return -1;
    if (mode == TORN && calls == at)
        size /= 2;
    ssize_t written = real(fd, data, size);
    int kept = errno;
    leave();
    errno = kept;
    return written;
}

#define OPENS(name, before, beforehand, above)                               \
    int name(before const char *path, int flags, ...)                        \
    {                                                                        \
        va_list more;                                                        \
        va_start(more, flags);                                               \
        mode_t bits = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0; \
        va_end(more);                                                        \
        if (!(flags & O_CREAT) && look(#name, above))                        \
            return -1;                                                       \
        if (!(flags & O_CREAT))                                              \
            return REAL(name)(beforehand path, flags, bits);                 \
        if (enter(#name))                                                    \
            return -1;                                                       \
        int fd = REAL(name)(beforehand path, flags, bits);                   \
        int kept = errno;                                                    \
        leave();                                                             \
        errno = kept;                                                        \
        return fd;                                                           \
    }
#define COMMA ,
OPENS(open, , , -1)
OPENS(open64, , , -1)
OPENS(openat, int directory COMMA, directory COMMA, directory)
OPENS(openat64, int directory COMMA, directory COMMA, directory)

#define LOOKS(type, name, parameters, arguments, fd, bad) \
    type name parameters                                  \
    {                                                     \
        if (look(#name, fd))                              \
            return bad;                                   \
        return REAL(name) arguments;                      \
    }

LOOKS(int, fstatat, (int d, const char *p, struct stat *s, int f), (d, p, s, f), d, -1)
LOOKS(int, fstatat64, (int d, const char *p, struct stat64 *s, int f), (d, p, s, f), d, -1)
LOOKS(ssize_t, read, (int f, void *b, size_t n), (f, b, n), f, -1)
LOOKS(ssize_t, pread, (int f, void *b, size_t n, off_t o), (f, b, n, o), f, -1)
LOOKS(ssize_t, pread64, (int f, void *b, size_t n, off64_t o), (f, b, n, o), f, -1)
LOOKS(ssize_t, readlinkat, (int d, const char *p, char *b, size_t n), (d, p, b, n), d, -1)
LOOKS(DIR *, fdopendir, (int f), (f), f, NULL)
LOOKS(struct dirent *, readdir, (DIR * d), (d), dirfd(d), NULL)
LOOKS(struct dirent64 *, readdir64, (DIR * d), (d), dirfd(d), NULL)

/* Python knows openat2 only by its number. */
long syscall(long number, ...)
{
    va_list more;
    va_start(more, number);
    long a = va_arg(more, long), b = va_arg(more, long), c = va_arg(more, long);
    long d = va_arg(more, long), e = va_arg(more, long), f = va_arg(more, long);
    va_end(more);
    if (number == SYS_openat2 && look("openat2", (int)a))
        return -1;
    return ((long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"))(number, a, b, c, d, e, f);
}
