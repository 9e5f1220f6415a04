package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testImages(t *testing.T) (string, []image) {
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "lab"), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"/usr/bin/lab": "lab"}
	return programs, []image{
		{Name: "example.dev/lab:1", Files: files, Entrypoint: []string{"/usr/bin/lab"}, Env: []string{"V=1"}},
		{Name: "example.dev/lab:2", Files: files, Entrypoint: []string{"/usr/bin/lab"}, Env: []string{"V=2"}},
	}
}

func unpack(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for in := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := in.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(in)
		if _, twice := files[header.Name]; twice {
			t.Errorf("%s is there twice", header.Name)
		}
		files[header.Name] = content
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	programs, images := testImages(t)
	var first, second bytes.Buffer
	if write(&first, images, programs) != nil || write(&second, images, programs) != nil {
		t.Fatal("cannot write")
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two archives differ")
	}
}

func TestEveryDigestNamesABlobAndImagesShareALayer(t *testing.T) {
	programs, images := testImages(t)
	var out bytes.Buffer
	if err := write(&out, images, programs); err != nil {
		t.Fatal(err)
	}
	files := unpack(t, out.Bytes())
	for name, content := range files {
		if digest, isBlob := strings.CutPrefix(name, "blobs/sha256/"); isBlob {
			sum := sha256.Sum256(content)
			if hex.EncodeToString(sum[:]) != digest {
				t.Errorf("%s has another digest", name)
			}
		}
	}
	var all index
	if err := json.Unmarshal(files["index.json"], &all); err != nil || len(all.Manifests) != 2 {
		t.Fatalf("index: %v, %d manifests", err, len(all.Manifests))
	}
	layers := map[string]bool{}
	for i, each := range all.Manifests {
		var described manifest
		if err := json.Unmarshal(files["blobs/sha256/"+strings.TrimPrefix(each.Digest, "sha256:")], &described); err != nil {
			t.Fatal(err)
		}
		layers[described.Layers[0].Digest] = true
		if each.Annotations["io.containerd.image.name"] != images[i].Name {
			t.Errorf("name %q", each.Annotations["io.containerd.image.name"])
		}
	}
	if len(layers) != 1 || len(files) != 2+1+2*2 {
		t.Errorf("%d layers, %d files", len(layers), len(files))
	}
}

func TestAMissingProgramIsAnError(t *testing.T) {
	_, images := testImages(t)
	if err := write(io.Discard, images, t.TempDir()); err == nil || !strings.Contains(err.Error(), "example.dev/lab:1") {
		t.Errorf("%v", err)
	}
}
