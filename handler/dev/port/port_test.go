package port_test

import (
	"net"
	"strconv"
	"testing"

	"imagepro/handler/dev/port"
)

func TestAFreePortCanBeBoundAndIsNoneOfTheKernels(t *testing.T) {
	t.Parallel()
	for range 20 {
		number, err := port.Free()
		if err != nil {
			t.Fatal(err)
		}
		if number < 20_000 || number >= 32_000 {
			t.Errorf("port %d", number)
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(number)))
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
	}
}
