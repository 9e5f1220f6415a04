// Command etcd is the store of the real API server, for scripts/bench to compare ours with.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
