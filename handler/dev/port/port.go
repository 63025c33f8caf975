// Package port finds ports on loopback for programs that are told their port and bind it themselves.
//
// It does not hold them: between the finding and the binding anybody may take them.
package port

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// The kernel hands out ports from 32768 on by itself, to every connection on the machine; these are below,
// so that only another caller of Free could take one meanwhile.
const (
	first = 20_000
	last  = 32_000
	tries = 200
)

// Free returns a port of 127.0.0.1 that can be bound now.
func Free() (int, error) {
	for range tries {
		number := first + rand.IntN(last-first)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(number)))
		if err == nil {
			return number, listener.Close()
		}
	}
	return 0, errors.New("port: none is free between 20000 and 32000")
}
