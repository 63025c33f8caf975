package imaging

import (
	"context"
	"runtime"
	"sync"
)

// rowsAtOnce is how many rows are worked between two looks at the context.
const rowsAtOnce = 64

// inRows calls work for bands of the rows from 0 to n, on all processors, until ctx is done. What work does
// with a row must not depend on other rows, so that the result does not depend on the bands.
func inRows(ctx context.Context, n int, work func(from, to int)) error {
	workers := min(runtime.GOMAXPROCS(0), (n+rowsAtOnce-1)/rowsAtOnce)
	bands := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for from := range bands {
				work(from, min(from+rowsAtOnce, n))
			}
		})
	}
	for from := 0; from < n && ctx.Err() == nil; from += rowsAtOnce {
		bands <- from
	}
	close(bands)
	wg.Wait()
	return ctx.Err()
}
