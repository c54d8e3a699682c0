// Work that is shared out among threads.
#pragma once

#include <stddef.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "driver.hpp"

namespace fastact {

// How many threads are worth it for items that have `elements` together, of which `grain` occupy one.
inline ptrdiff_t threads_for(ptrdiff_t items, ptrdiff_t elements, ptrdiff_t grain) {
    const ptrdiff_t allowed = get_threads(), occupied = elements / grain;
    const ptrdiff_t wanted = occupied < allowed ? occupied : allowed;
    return items < wanted ? items : wanted > 1 ? wanted : 1;
}

// Calls work(first, last, thread) for parts of 0..items-1.
template <class Work> void share(ptrdiff_t threads, ptrdiff_t items, const Work& work) {
#if defined(_OPENMP)
    if (threads > 1) {
        watch_forks();
#pragma omp parallel num_threads(int(threads))
        {
            // The team may be smaller than asked for.
            const ptrdiff_t team = omp_get_num_threads(), thread = omp_get_thread_num();
            work(items * thread / team, items * (thread + 1) / team, thread);
        }
        return;
    }
#endif
    (void)threads;
    work(0, items, 0);
}

}  // namespace fastact
