/*
 * The one header that a case includes.
 *
 * A case declares itself with PL_CASE, makes its objects with set-up calls
 * (pl_*, which end the case as broken when they fail), makes the call under
 * test traced (sys_* or pl_sys) and judges its outcome with pl_expect.
 */

#ifndef PLUMBLINE_H
#define PLUMBLINE_H

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "anew.h"
#include "case.h"
#include "catalogue.h"
#include "control.h"
#include "credentials.h"
#include "epoll.h"
#include "expect.h"
#include "fill.h"
#include "group.h"
#include "guard.h"
#include "history.h"
#include "kind.h"
#include "numbers.h"
#include "os.h"
#include "passage.h"
#include "payload.h"
#include "peer.h"
#include "queue.h"
#include "readiness.h"
#include "sets.h"
#include "signals.h"
#include "socket.h"
#include "stamp.h"
#include "trace.h"

/* How many elements an array has. */
#define PL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
