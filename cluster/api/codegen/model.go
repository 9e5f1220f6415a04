package main

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The types to emit, as C++ sees them.

type field struct {
	goName, cppName, jsonName string
	typ                       reflect.Type
	number                    uint64
	inlined                   bool
	omitEmpty, omitZero       bool
	comment                   comment
}

type structure struct {
	typ      reflect.Type
	pkg      *goPackage
	name     string
	source   typeSource
	fields   []field
	isObject bool // has TypeMeta and an ObjectMeta: becomes an api::Object
	kind     *schema.GroupVersionKind
}

type wrappedList struct { // a named slice that protobuf carries as a message
	typ  reflect.Type
	pkg  *goPackage
	name string
}

type goPackage struct {
	path, group, version string
	parts                int
	unserved             bool
	source               *packageSource
	structs              []*structure // every struct comes after those it holds by value
	wrapped              []wrappedList
}

func (p *goPackage) alias() string     { return p.group + p.version }
func (p *goPackage) fileName() string  { return p.group + "_" + p.version }
func (p *goPackage) namespace() string { return "qd::api::" + p.group + "::" + p.version }

type model struct {
	packages map[string]*goPackage
	order    []*goPackage
	structs  map[reflect.Type]*structure
	wrapped  map[reflect.Type]bool
	kinds    map[reflect.Type]schema.GroupVersionKind
	weights  map[reflect.Type]int
}

const metaPath = "k8s.io/apimachinery/pkg/apis/meta/v1"

// Go types with a C++ type of our own.
var ownTypes = map[string]string{
	metaPath + ".Time":                                              "Time",
	metaPath + ".MicroTime":                                         "MicroTime",
	metaPath + ".Duration":                                          "Duration",
	metaPath + ".FieldsV1":                                          "FieldsV1",
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                 "Quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":               "IntOrString",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":                  "RawExtension",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": "Json",
}

func goName(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

func isOwn(t reflect.Type) bool { return ownTypes[goName(t)] != "" }

func buildModel(scheme *runtime.Scheme, packages []*goPackage) *model {
	m := &model{
		packages: map[string]*goPackage{},
		order:    packages,
		structs:  map[reflect.Type]*structure{},
		wrapped:  map[reflect.Type]bool{},
		kinds:    map[reflect.Type]schema.GroupVersionKind{},
		weights:  map[reflect.Type]int{},
	}
	for _, p := range packages {
		m.packages[p.path] = p
	}
	var roots []reflect.Type
	for gvk, t := range scheme.AllKnownTypes() {
		p := m.packages[t.PkgPath()]
		if p == nil || gvk.Version == runtime.APIVersionInternal {
			continue
		}
		if p.path == metaPath {
			if gvk.Group != "" && gvk.Group != "meta.k8s.io" || gvk.Version != "v1" || t.Name() != gvk.Kind {
				continue
			}
			if have, ok := m.kinds[t]; ok && have.Group < gvk.Group {
				gvk = have
			}
		} else if gvk.Version != p.version || t.Name() != gvk.Kind {
			continue
		}
		if isObjectList(t) {
			continue
		}
		m.kinds[t] = gvk
		roots = append(roots, t)
	}
	// The options of requests are of the group meta.k8s.io, although every group version knows them.
	for t, gvk := range m.kinds {
		if strings.HasSuffix(t.Name(), "Options") && t.PkgPath() == metaPath {
			gvk.Group = "meta.k8s.io"
			m.kinds[t] = gvk
		}
	}
	sort.Slice(roots, func(i, j int) bool { return goName(roots[i]) < goName(roots[j]) })
	for _, t := range roots {
		m.add(t)
	}
	return m
}

// isObjectList tells whether t is the list of a kind: lists need no struct.
func isObjectList(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || !strings.HasSuffix(t.Name(), "List") {
		return false
	}
	items, ok := t.FieldByName("Items")
	_, hasListMeta := t.FieldByName("ListMeta")
	return ok && hasListMeta && items.Type.Kind() == reflect.Slice
}

func (m *model) packageOf(t reflect.Type) *goPackage {
	p := m.packages[t.PkgPath()]
	if p == nil {
		panic(fmt.Sprintf("%s is reached, but its package is not in packages.txt", goName(t)))
	}
	return p
}

// add emits the types that t reaches, then t.
func (m *model) add(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map:
		if t.Kind() == reflect.Map && t.Key().Kind() != reflect.String {
			panic("map key of " + t.String())
		}
		m.add(t.Elem())
		return
	case reflect.Slice:
		if t.Name() != "" && !m.wrapped[t] && m.isWrapped(t) {
			m.wrapped[t] = true
			p := m.packageOf(t)
			p.wrapped = append(p.wrapped, wrappedList{t, p, t.Name()})
		}
		m.add(t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	if isOwn(t) || m.structs[t] != nil {
		return
	}
	s := &structure{typ: t, pkg: m.packageOf(t), name: t.Name()}
	s.source = s.pkg.source.types[s.name]
	m.structs[t] = s
	if gvk, ok := m.kinds[t]; ok {
		s.kind = &gvk
	}
	s.isObject = isObject(t)
	for i := range t.NumField() {
		if f, ok := m.field(s, t.Field(i)); ok {
			s.fields = append(s.fields, f)
		}
	}
	for _, f := range s.fields { // by value first, so that the header's order works
		if f.typ.Kind() != reflect.Pointer {
			m.add(f.typ)
		}
	}
	s.pkg.structs = append(s.pkg.structs, s)
	for _, f := range s.fields {
		m.add(f.typ)
	}
}

// isWrapped: gogo-protobuf carries a named slice as a message with the field `items` when it is marked nullable.
func (m *model) isWrapped(t reflect.Type) bool {
	source := m.packageOf(t).source.types[t.Name()]
	_, nullable := source.marker("protobuf.nullable")
	return nullable
}

func isObject(t reflect.Type) bool {
	typeMeta, ok := t.FieldByName("TypeMeta")
	objectMeta, ok2 := t.FieldByName("ObjectMeta")
	return ok && ok2 && typeMeta.Anonymous && goName(objectMeta.Type) == metaPath+".ObjectMeta"
}

func (m *model) field(s *structure, f reflect.StructField) (field, bool) {
	if !f.IsExported() {
		return field{}, false
	}
	parts := strings.Split(f.Tag.Get("json"), ",")
	result := field{goName: f.Name, jsonName: parts[0], typ: f.Type, comment: s.source.fields[f.Name]}
	if result.jsonName == "-" {
		return field{}, false
	}
	for _, option := range parts[1:] {
		switch option {
		case "omitempty":
			result.omitEmpty = true
		case "omitzero":
			result.omitZero = true
		case "inline":
		case "string":
			panic("json string option in " + s.name)
		}
	}
	if result.jsonName == "" && f.Anonymous {
		result.inlined = true
		if s.isObject && f.Name == "TypeMeta" {
			return field{}, false // an Object knows its kind
		}
	} else if result.jsonName == "" {
		result.jsonName = strings.ToLower(f.Name[:1]) + f.Name[1:]
	}
	if tag := f.Tag.Get("protobuf"); tag != "" && tag != "-" {
		number, err := strconv.ParseUint(strings.Split(tag, ",")[1], 10, 32)
		if err != nil {
			panic(err)
		}
		result.number = number
	}
	result.cppName = cppName(result.jsonName, f.Name)
	return result, true
}

var keywords = map[string]bool{}

func init() {
	for _, word := range strings.Fields(`alignas alignof and asm auto bool break case catch char class compl concept const
		continue default delete do double else enum explicit export extern false float for friend goto if inline int long
		mutable namespace new not nullptr operator or private protected public register requires return short signed sizeof
		static struct switch template this throw true try typedef typeid typename union unsigned using virtual void volatile
		while xor`) {
		keywords[word] = true
	}
}

// cppName is the JSON name where that is an identifier, else the Go name with a small first letter.
func cppName(jsonName, goName string) string {
	name := jsonName
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			name = strings.ToLower(goName[:1]) + goName[1:]
			break
		}
	}
	if keywords[name] {
		name += "_"
	}
	return name
}
