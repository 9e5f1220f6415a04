// Command kubectl is upstream's kubectl, built from the pinned module k8s.io/kubectl so that a fresh machine needs no other.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // sign-in of foreign clusters: exec plugins, OIDC
)

func main() {
	// Verbosity must be known before the first flag is parsed, because plugins are looked up before that.
	if _, err := logs.GlogSetter(cmd.GetLogVerbosity(os.Args)); err != nil {
		util.CheckErr(err)
	}
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err) // prints the error in kubectl's words and exits with its code
	}
}
