package telemetry

import (
	"context"
	"runtime/metrics"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// observe adds what the process takes: with the images it makes their cost.
func (t *Telemetry) observe(meter metric.Meter, failed *[]error) {
	_, err := meter.Float64ObservableCounter("process.cpu.time", metric.WithUnit("s"),
		metric.WithDescription("Processor time that the process took."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			var usage syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
				return err
			}
			o.Observe(time.Duration(usage.Utime.Nano()).Seconds(),
				metric.WithAttributes(attribute.String("cpu.mode", "user")))
			o.Observe(time.Duration(usage.Stime.Nano()).Seconds(),
				metric.WithAttributes(attribute.String("cpu.mode", "system")))
			return nil
		}))
	*failed = append(*failed, err)
	_, err = meter.Int64ObservableUpDownCounter("go.memory.used", metric.WithUnit("By"),
		metric.WithDescription("Memory that Go's runtime uses."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"},
				{Name: "/memory/classes/heap/released:bytes"}}
			metrics.Read(sample)
			o.Observe(int64(sample[0].Value.Uint64() - sample[1].Value.Uint64()))
			return nil
		}))
	*failed = append(*failed, err)
}
