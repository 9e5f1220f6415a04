module quarterdeck.dev/image/oci

go 1.26.0
