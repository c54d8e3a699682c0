// Work that is shared out among threads.
#pragma once

#include <stddef.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "driver.hpp"

namespace fastact {

// Calls work(first, last, thread) for parts of 0..items-1, which have `elements` together; `grain` of them are worth a thread.
template <class Work> void share(ptrdiff_t items, ptrdiff_t elements, ptrdiff_t grain, const Work& work) {
#if defined(_OPENMP)
    ptrdiff_t wanted = elements / grain < get_threads() ? elements / grain : get_threads();
    if (items < wanted) wanted = items;
    if (wanted > 1) {
        watch_forks();
#pragma omp parallel num_threads(int(wanted))
        {
            // The team may be smaller than asked for.
            const ptrdiff_t team = omp_get_num_threads(), thread = omp_get_thread_num();
            work(items * thread / team, items * (thread + 1) / team, thread);
        }
        return;
    }
#endif
    (void)elements, (void)grain;
    work(0, items, 0);
}

}  // namespace fastact
