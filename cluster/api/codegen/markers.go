package main

import (
	"fmt"
	"reflect"
	"strings"
)

// How markers and tags become members of a descriptor.

// required follows kube-openapi: the markers decide, and without any the omitempty of the JSON tag does.
func (f field) required() bool {
	if f.inlined {
		return false
	}
	if _, required := f.comment.marker("required", "k8s:required"); required {
		return true
	}
	if _, optional := f.comment.marker("optional", "k8s:optional"); optional {
		return false
	}
	return !f.omitEmpty
}

func (f field) mergeKind() string {
	if value, ok := f.comment.marker("listType", "k8s:listType"); ok {
		return map[string]string{"atomic": "Atomic", "set": "Set", "map": "Map"}[value]
	}
	if value, ok := f.comment.marker("mapType", "structType"); ok {
		return map[string]string{"atomic": "Atomic", "granular": "Granular"}[value]
	}
	return ""
}

func (f field) listMapKeys() []string {
	if keys := f.comment.values("listMapKey"); len(keys) > 0 {
		return keys
	}
	return f.comment.values("k8s:listMapKey")
}

// keptMarkers are those that carry rules which have no member of their own in the descriptor.
func (f field) keptMarkers() (kept []string) {
	for _, marker := range f.comment.markers {
		if strings.HasPrefix(marker, "k8s:") || strings.HasPrefix(marker, "featureGate") || strings.HasPrefix(marker, "union") ||
			strings.HasPrefix(marker, "oneOf") || strings.HasPrefix(marker, "zeroOrOneOf") {
			kept = append(kept, marker)
		}
	}
	return kept
}

func (s *structure) patchTag(f field, name string) string {
	goField, _ := s.typ.FieldByName(f.goName)
	return goField.Tag.Get(name)
}

// enumOf returns the values and value descriptions of an enum type, of a list of one or of a pointer to one.
func (m *model) enumOf(t reflect.Type) (values, docs []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.String || t.PkgPath() == "" {
		return nil, nil
	}
	p := m.packages[t.PkgPath()]
	if p == nil {
		return nil, nil
	}
	return p.source.enum(t.Name())
}

// defaultOf is the field's +default marker with references to constants resolved.
func (m *model) defaultOf(s *structure, f field) string {
	value, ok := f.comment.marker("default", "k8s:default")
	if !ok {
		return ""
	}
	reference, isReference := strings.CutPrefix(value, "ref(")
	if !isReference {
		return value
	}
	path, name := s.pkg.path, strings.TrimSuffix(reference, ")")
	if dot := strings.LastIndex(name, "."); dot >= 0 {
		path, name = name[:dot], name[dot+1:]
	}
	if p := m.packages[path]; p != nil {
		for _, c := range p.source.constants {
			if c.name == name && c.text != nil {
				return fmt.Sprintf("%q", *c.text)
			} else if c.name == name && c.number != nil {
				return fmt.Sprint(*c.number)
			}
		}
	}
	panic("unresolved default " + value + " of " + s.name + "." + f.goName)
}

// formatOf is the OpenAPI format where it is not the one of the shape (int64 spelled int, for example).
func (m *model) formatOf(f field) string {
	t := f.typ
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		t = t.Elem()
	}
	if t.Kind() == reflect.Int {
		return "int32"
	}
	return ""
}

func jsonForm(s *structure) string {
	switch s.name {
	case "JSONSchemaPropsOrBool":
		return "SchemaOrBool"
	case "JSONSchemaPropsOrArray":
		return "SchemaOrArray"
	case "JSONSchemaPropsOrStringArray":
		return "SchemaOrStringArray"
	}
	return "Object"
}

func openAPIName(t reflect.Type) string {
	if named, ok := reflect.New(t).Interface().(interface{ OpenAPIModelName() string }); ok {
		return named.OpenAPIModelName()
	}
	// k8s.io/api/core/v1 -> io.k8s.api.core.v1
	host, path, _ := strings.Cut(t.PkgPath(), "/")
	parts := strings.Split(host, ".")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, ".") + "." + strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

// resourceNames guesses plural and singular as apimachinery's UnsafeGuessKindToResource does.
func resourceNames(kind string) (plural, singular string) {
	singular = strings.ToLower(kind)
	switch {
	case strings.HasSuffix(singular, "endpoints"):
		return singular, singular
	case strings.HasSuffix(singular, "s"):
		return singular + "es", singular
	case strings.HasSuffix(singular, "y"):
		return strings.TrimSuffix(singular, "y") + "ies", singular
	}
	return singular + "s", singular
}

// quote spells a C++ string literal.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == '\n':
			out.WriteString("\\n")
		case c == '\t':
			out.WriteString("\\t")
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&out, "\\%03o", c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
