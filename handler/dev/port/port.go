// Package port finds ports on loopback for programs that are told their port and bind it themselves.
//
// It does not hold them: between the finding and the binding anybody may take them.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
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
		if Check(number) == nil {
			return number, nil
		}
	}
	return 0, errors.New("port: none is free between 20000 and 32000")
}

// Check returns an error if the port of 127.0.0.1 cannot be bound now.
//
// No program is started meanwhile: a new process holds all that its parent has open until it becomes the program,
// so the port would be taken for that long.
func Check(number int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(number)))
	if err != nil {
		return fmt.Errorf("port %d: %w", number, err)
	}
	return listener.Close()
}
