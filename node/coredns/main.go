// Runs the DNS server of the embedded cluster: CoreDNS with only the plugins that its Corefile
// names. Some of the fifty others contain clients for clouds, which take long to build.
package main

import (
	"github.com/coredns/coredns/coremain"

	// Each registers its plugin. CoreDNS itself sets the order in which a query passes them.
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
