package child

import (
	"os/exec"
	"syscall"
)

// dieWithParent asks the kernel to kill the program with its parent and puts it in a process group of its
// own, so that Ctrl-C in a terminal reaches the parent alone.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
