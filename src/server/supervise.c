/*
 * supervise.c - the process above the one that serves: it starts it again when it dies.
 *
 * The supervisor forks before any thread exists and then only waits: for the server's end and for
 * signals, which it passes on. A server that ends by itself, well or not, ends the supervisor with
 * its exit code; one that a signal ended (an assertion, os_halt after a failed fsync, kill -9, the
 * kernel out of memory) is started again, and recovers. The kernel kills the server when the
 * supervisor dies, so killing the program's pid is still like a power cut.
 *
 * A server that dies again soon is started after 1, 2, 4, ... at most 30 seconds: a file that
 * cannot be recovered must not keep the machine busy.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_internal.h"

#define STABLE_US     ((int64_t)10 * 1000000) /* a server that lived so long starts again at once */
#define DELAY_MAX_SEC 30

typedef struct Supervisor {
    Os *os;
    sigset_t signals;
    pid_t child;
    uint32_t restarts, quick_ends; /* quick_ends: in a row */
    bool stopping;
} Supervisor;

/* pass_on - a signal for the server. SIGTERM and SIGINT mean that it is not started again. */
static void pass_on(Supervisor *s, int sig)
{
    if (sig == SIGTERM || sig == SIGINT) {
        s->stopping = true;
    }
    if (s->child > 0) {
        (void)kill(s->child, sig);
    }
}

/* wait_child - until the server has ended; its wait status. */
static int wait_child(Supervisor *s)
{
    int status = 0;
    for (;;) {
        pid_t ended = waitpid(s->child, &status, WNOHANG);
        if (ended == s->child || (ended < 0 && errno == ECHILD)) {
            s->child = 0;
            return status;
        }
        int sig = sigwaitinfo(&s->signals, NULL);
        if (sig > 0 && sig != SIGCHLD) {
            pass_on(s, sig);
        }
    }
}

/* wait_before_restart - the pause after servers that died soon; false when asked to stop. */
static bool wait_before_restart(Supervisor *s)
{
    if (s->quick_ends == 0) {
        return !s->stopping;
    }
    int64_t seconds = s->quick_ends > 5 ? DELAY_MAX_SEC : (int64_t)1 << (s->quick_ends - 1);
    int64_t until = os_mono_us(s->os) + seconds * 1000000;
    log_line(LOG_WARNING, "the server process keeps ending; starting it again in %lld s",
             (long long)seconds);
    while (!s->stopping) {
        int64_t left = until - os_mono_us(s->os);
        if (left <= 0) {
            return true;
        }
        struct timespec ts = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
        int sig = sigtimedwait(&s->signals, NULL, &ts);
        if (sig > 0) {
            pass_on(s, sig);
        }
    }
    return false;
}

/* become_server - in the child: it dies with its supervisor. */
static void become_server(pid_t supervisor)
{
    sigset_t unblock;
    (void)sigemptyset(&unblock);
    (void)sigaddset(&unblock, SIGCHLD);
    (void)pthread_sigmask(SIG_UNBLOCK, &unblock, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor) {
        _exit(1); /* it died in between */
    }
}

/* run_once - start a server and wait for its end. True in the server's own process; else *status
 * is how it ended, -1: it could not be started. */
static bool run_once(Supervisor *s, int *status)
{
    pid_t self = getpid();
    s->child = fork();
    if (s->child == 0) {
        become_server(self);
        return true;
    }
    if (s->child < 0) {
        log_line(LOG_ERROR, "could not start the server process: %s", strerror(errno));
        *status = -1;
        return false;
    }
    *status = wait_child(s);
    return false;
}

bool server_supervise(ServerOptions *o, int *exit_code_out)
{
    Supervisor s = {.os = os_posix_create()};
    (void)sigemptyset(&s.signals);
    (void)sigaddset(&s.signals, SIGTERM);
    (void)sigaddset(&s.signals, SIGINT);
    (void)sigaddset(&s.signals, SIGHUP);
    (void)sigaddset(&s.signals, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &s.signals, NULL);
    o->supervisor_pid = (int)getpid();
    for (;;) {
        int status;
        int64_t started = os_mono_us(s.os);
        o->restarts = s.restarts;
        if (run_once(&s, &status)) {
            os_posix_free(s.os);
            return true;
        }
        if (status == -1 || !WIFSIGNALED(status)) {
            *exit_code_out = status == -1 ? 1 : WEXITSTATUS(status);
            break;
        }
        log_line(LOG_ERROR, "the server process was terminated by signal %d: %s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        /* The first end of all is answered at once, however soon it comes. */
        s.quick_ends =
            os_mono_us(s.os) - started < STABLE_US && s.restarts != 0 ? s.quick_ends + 1 : 0;
        s.restarts++;
        *exit_code_out = 128 + WTERMSIG(status);
        if (!wait_before_restart(&s)) {
            break;
        }
        log_line(LOG_INFO, "starting the server process again (restart_after_crash)");
    }
    os_posix_free(s.os);
    return false;
}
