// Codegen emits the C++ object model from the Go types of the pinned k8s.io modules.
//
//	codegen -packages packages.txt -out DIR
//
// It writes, for every listed package, <group>_<version>.h (structs, constants) and <group>_<version>[_n].cpp (descriptors), and the tables
// of all kinds, kinds.cpp and kinds_unserved.cpp. Files whose content would not change are left alone, so that nothing is compiled again.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	list := flag.String("packages", "packages.txt", "the list of packages")
	out := flag.String("out", "", "the directory to write to")
	goCommand := flag.String("go", "go", "the go command")
	flag.Parse()

	packages := readList(*list)
	var paths []string
	for _, p := range packages {
		paths = append(paths, p.path)
	}
	dirs := packageDirs(*goCommand, paths)
	for _, p := range packages {
		p.source = readPackage(dirs[p.path])
	}
	m := buildModel(allKinds(), packages)
	for _, p := range packages {
		write(*out, p.fileName()+".h", m.header(p, false))
		for i := range p.parts {
			write(*out, partName(p, i), m.part(p, i))
		}
	}
	write(*out, "meta_v1_objects.h", m.header(m.packages[metaPath], true))
	write(*out, "kinds.cpp", m.registry(false))
	write(*out, "kinds_unserved.cpp", m.registry(true))
}

func partName(p *goPackage, index int) string {
	if p.parts == 1 {
		return p.fileName() + ".cpp"
	}
	return fmt.Sprintf("%s_%d.cpp", p.fileName(), index+1)
}

func readList(name string) (packages []*goPackage) {
	file, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		words := strings.Fields(scanner.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		path := strings.Split(words[0], "/")
		parts, err := strconv.Atoi(words[1])
		if err != nil {
			panic(err)
		}
		packages = append(packages, &goPackage{
			path:     words[0],
			group:    path[len(path)-2],
			version:  path[len(path)-1],
			parts:    parts,
			unserved: len(words) > 2 && words[2] == "unserved",
		})
	}
	return packages
}

func write(dir, name, content string) {
	path := filepath.Join(dir, name)
	if have, err := os.ReadFile(path); err == nil && string(have) == content {
		return
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		panic(err)
	}
}
