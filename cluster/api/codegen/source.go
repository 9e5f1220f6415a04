package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"sort"
	"strconv"
	"strings"
)

// What reflection cannot tell: comments, markers and constants, read from the modules' own sources.

type comment struct {
	doc     string   // the description that OpenAPI shows
	markers []string // the lines that begin with "+", without it
}

// marker returns the value of the marker `name` ("+name=value" or "+name") and whether it is there.
func (c comment) marker(names ...string) (string, bool) {
	for _, m := range c.markers {
		for _, name := range names {
			if m == name {
				return "", true
			}
			if value, ok := strings.CutPrefix(m, name+"="); ok {
				return strings.TrimSpace(value), true
			}
		}
	}
	return "", false
}

func (c comment) values(names ...string) (out []string) {
	for _, m := range c.markers {
		for _, name := range names {
			if value, ok := strings.CutPrefix(m, name+"="); ok {
				out = append(out, strings.Trim(strings.TrimSpace(value), "`\""))
			}
		}
	}
	return out
}

type constant struct {
	name, typeName string
	text           *string // of a string constant
	number         *int64  // of an integer constant
	doc            string
}

type typeSource struct {
	comment
	fields map[string]comment // by Go name
}

type packageSource struct {
	types     map[string]typeSource
	constants []constant
}

// enum returns the values of a "+enum" type with their comments, sorted; nil for other types.
func (p *packageSource) enum(typeName string) (values, docs []string) {
	source, ok := p.types[typeName]
	if !ok {
		return nil, nil
	}
	if _, isEnum := source.marker("enum"); !isEnum {
		return nil, nil
	}
	byValue := map[string]string{}
	for _, c := range p.constants {
		if c.typeName != typeName || c.text == nil {
			continue
		}
		if doc, have := byValue[*c.text]; !have || len(doc) < len(c.doc) {
			byValue[*c.text] = c.doc
		}
	}
	for value, doc := range byValue {
		values = append(values, value)
		line := fmt.Sprintf(" - `%q`", value)
		if doc = strings.TrimSpace(doc); doc != "" {
			line += " " + strings.ReplaceAll(doc, "\n", " ")
		}
		docs = append(docs, line)
	}
	sort.Strings(values)
	sort.Strings(docs)
	return values, docs
}

// packageDirs asks the go command where the packages' sources are.
func packageDirs(goCommand string, paths []string) map[string]string {
	out, err := exec.Command(goCommand, append([]string{"list", "-f", "{{.ImportPath}} {{.Dir}}"}, paths...)...).Output()
	if err != nil {
		panic(fmt.Errorf("go list: %w", err))
	}
	dirs := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		path, dir, _ := strings.Cut(line, " ")
		dirs[path] = dir
	}
	return dirs
}

func readPackage(dir string) *packageSource {
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, dir, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	result := &packageSource{types: map[string]typeSource{}}
	for name, pkg := range packages {
		if strings.HasSuffix(name, "_test") {
			continue
		}
		for fileName, file := range pkg.Files {
			if strings.HasSuffix(fileName, "_test.go") || strings.Contains(fileName, "generated") {
				continue
			}
			result.readFile(files, file)
		}
	}
	sort.Slice(result.constants, func(i, j int) bool { return result.constants[i].name < result.constants[j].name })
	return result
}

func (p *packageSource) readFile(files *token.FileSet, file *ast.File) {
	endingAt := map[int]*ast.CommentGroup{}
	for _, group := range file.Comments {
		endingAt[files.Position(group.End()).Line] = group
	}
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				doc := spec.Doc
				if doc == nil {
					doc = general.Doc
				}
				p.readType(files, endingAt, spec, doc)
			case *ast.ValueSpec:
				if general.Tok == token.CONST {
					p.readConstant(spec)
				}
			}
		}
	}
}

func (p *packageSource) readType(files *token.FileSet, endingAt map[int]*ast.CommentGroup, spec *ast.TypeSpec, doc *ast.CommentGroup) {
	source := typeSource{comment: parseComment(doc), fields: map[string]comment{}}
	// Markers may also stand in a comment of their own, an empty line above the documentation.
	above := files.Position(spec.Pos()).Line - 2
	if doc != nil {
		above = files.Position(doc.Pos()).Line - 2
	}
	if group := endingAt[above]; group != nil {
		source.markers = append(parseComment(group).markers, source.markers...)
	}
	if structure, ok := spec.Type.(*ast.StructType); ok {
		for _, field := range structure.Fields.List {
			parsed := parseComment(field.Doc)
			for _, name := range field.Names {
				source.fields[name.Name] = parsed
			}
			if len(field.Names) == 0 {
				source.fields[embeddedName(field.Type)] = parsed
			}
		}
	}
	p.types[spec.Name.Name] = source
}

func embeddedName(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return embeddedName(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (p *packageSource) readConstant(spec *ast.ValueSpec) {
	typeName := ""
	if identifier, ok := spec.Type.(*ast.Ident); ok {
		typeName = identifier.Name
	}
	for i, name := range spec.Names {
		if i >= len(spec.Values) || !name.IsExported() {
			continue
		}
		value := spec.Values[i]
		named := typeName
		if call, ok := value.(*ast.CallExpr); ok && len(call.Args) == 1 {
			if identifier, ok := call.Fun.(*ast.Ident); ok && named == "" {
				named = identifier.Name
			}
			value = call.Args[0]
		}
		c := constant{name: name.Name, typeName: named, doc: parseComment(spec.Doc).doc}
		literal, ok := value.(*ast.BasicLit)
		if !ok {
			continue
		}
		switch literal.Kind {
		case token.STRING:
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				panic(err)
			}
			c.text = &text
		case token.INT:
			number, err := strconv.ParseInt(literal.Value, 0, 64)
			if err != nil {
				continue
			}
			c.number = &number
		default:
			continue
		}
		p.constants = append(p.constants, c)
	}
}

// parseComment parts markers from prose and joins the prose the way Kubernetes' OpenAPI does: lines of a paragraph with a
// space, indented lines on lines of their own, TODO lines and everything after "---" left out.
func parseComment(group *ast.CommentGroup) comment {
	var result comment
	if group == nil {
		return result
	}
	var text strings.Builder
	trim := func() {
		if s := text.String(); s != "" {
			text.Reset()
			text.WriteString(s[:len(s)-1])
		}
	}
	proseEnded := false
	for _, line := range strings.Split(strings.TrimRight(group.Text(), "\n"), "\n") {
		line = strings.TrimRight(line, " ")
		leading := strings.TrimLeft(line, " ")
		if strings.HasPrefix(leading, "+") {
			result.markers = append(result.markers, strings.TrimSpace(leading[1:]))
			continue
		}
		if line == "---" {
			proseEnded = true
		}
		if proseEnded || strings.HasPrefix(leading, "TODO") {
			continue
		}
		switch {
		case line == "":
			trim()
			text.WriteString("\n\n")
		case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
			trim()
			text.WriteString("\n" + line + "\n")
		default:
			text.WriteString(line + " ")
		}
	}
	result.doc = strings.TrimSpace(text.String())
	return result
}
