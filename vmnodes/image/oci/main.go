// Command oci-archive writes container images made of a few static programs into one archive in the OCI image layout, which
// containerd imports. Images that hold the same files share a layer. The same input gives the same bytes.
//
//	oci-archive -programs FOLDER -output images.tar images.json
//
// Formats: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md, layer.md).
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// image is one entry of images.json.
type image struct {
	Name       string            `json:"name"`
	Files      map[string]string `json:"files"` // path in the image -> program in the folder
	Entrypoint []string          `json:"entrypoint"`
	Env        []string          `json:"env"`
	Ports      []string          `json:"ports"`
	User       string            `json:"user"`
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

type runConfig struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint"`
	WorkingDir   string              `json:"WorkingDir"`
}

type imageConfig struct {
	platform
	Config runConfig `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
	latestFormat = `{"imageLayoutVersion": "1.0.0"}`
)

// archive collects blobs by their digest and writes each once.
type archive struct {
	out     *tar.Writer
	written map[string]bool
}

func (a *archive) blob(mediaType string, content []byte) (descriptor, error) {
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	result := descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(content)}
	if a.written[digest] {
		return result, nil
	}
	a.written[digest] = true
	return result, writeFile(a.out, "blobs/sha256/"+digest, 0o644, content)
}

func (a *archive) document(mediaType string, value any) (descriptor, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, err
	}
	return a.blob(mediaType, content)
}

func writeFile(out *tar.Writer, name string, mode int64, content []byte) error {
	// No times, no owners: nothing that differs from one build to the next.
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err := out.Write(content)
	return err
}

// layer is an uncompressed tar with the image's files and the folders that every container expects.
func layer(files map[string]string, programs string) ([]byte, error) {
	var content bytes.Buffer
	out := tar.NewWriter(&content)
	folders := map[string]bool{}
	for name := range files {
		for folder := path.Dir(name); folder != "/"; folder = path.Dir(folder) {
			folders[folder] = true
		}
	}
	for _, folder := range sorted(folders) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(folder, "/") + "/", Mode: 0o755, Format: tar.FormatUSTAR}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	tmp := &tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, Format: tar.FormatUSTAR}
	if err := out.WriteHeader(tmp); err != nil {
		return nil, err
	}
	for _, name := range sorted(files) {
		program, err := os.ReadFile(filepath.Join(programs, files[name]))
		if err != nil {
			return nil, err
		}
		if err := writeFile(out, strings.TrimPrefix(name, "/"), 0o755, program); err != nil {
			return nil, err
		}
	}
	return content.Bytes(), out.Close()
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (a *archive) add(each image, programs string) (descriptor, error) {
	content, err := layer(each.Files, programs)
	if err != nil {
		return descriptor{}, err
	}
	files, err := a.blob(layerType, content)
	if err != nil {
		return descriptor{}, err
	}
	ports := map[string]struct{}{}
	for _, port := range each.Ports {
		ports[port] = struct{}{}
	}
	here := platform{Architecture: runtime.GOARCH, OS: "linux"}
	settings := imageConfig{platform: here, Config: runConfig{each.User, ports, each.Env, each.Entrypoint, "/"}}
	settings.RootFS.Type = "layers"
	settings.RootFS.DiffIDs = []string{files.Digest} // not compressed: the blob's digest is the content's
	config, err := a.document(configType, settings)
	if err != nil {
		return descriptor{}, err
	}
	result, err := a.document(manifestType, manifest{2, manifestType, config, []descriptor{files}})
	result.Platform = &here
	result.Annotations = map[string]string{
		"io.containerd.image.name":          each.Name,
		"org.opencontainers.image.ref.name": each.Name[strings.LastIndex(each.Name, ":")+1:],
	}
	return result, err
}

func write(out io.Writer, images []image, programs string) error {
	a := &archive{out: tar.NewWriter(out), written: map[string]bool{}}
	if err := writeFile(a.out, "oci-layout", 0o644, []byte(latestFormat)); err != nil {
		return err
	}
	all := index{SchemaVersion: 2, MediaType: indexType}
	for _, each := range images {
		described, err := a.add(each, programs)
		if err != nil {
			return fmt.Errorf("%s: %w", each.Name, err)
		}
		all.Manifests = append(all.Manifests, described)
	}
	content, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := writeFile(a.out, "index.json", 0o644, content); err != nil {
		return err
	}
	return a.out.Close()
}

func run() error {
	programs := flag.String("programs", ".", "folder that holds the programs")
	output := flag.String("output", "images.tar", "archive to write")
	flag.Parse()
	if flag.NArg() != 1 {
		return fmt.Errorf("one images.json expected")
	}
	description, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		return err
	}
	var images []image
	if err := json.Unmarshal(description, &images); err != nil {
		return fmt.Errorf("%s: %w", flag.Arg(0), err)
	}
	file, err := os.Create(*output)
	if err != nil {
		return err
	}
	if err := write(file, images, *programs); err != nil {
		return err
	}
	return file.Close()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "oci-archive:", err)
		os.Exit(1)
	}
}
