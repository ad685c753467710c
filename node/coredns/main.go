// Runs the DNS server of the embedded cluster: CoreDNS with the plugins that its Corefile names,
// and without the fifty others. Some of them bring clouds' clients, which take long to build.
package main

import (
	"github.com/coredns/coredns/coremain"

	// Each registers its plugin; the order in which a query passes them is CoreDNS's own.
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() {
	coremain.Run()
}
