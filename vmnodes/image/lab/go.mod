module quarterdeck.dev/image/lab

go 1.26.0
