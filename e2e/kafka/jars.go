package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"floe/pkg/pgtest/cache"
)

// Version is the release of Apache Kafka that is run.
const Version = "4.3.1"

// artifacts are Kafka's server and its log output.
var artifacts = []string{
	"org.apache.kafka:kafka_2.13:" + Version,
	"org.apache.kafka:kafka-tools:" + Version,
	"org.slf4j:slf4j-simple:1.7.36",
}

// Fetch returns the folder with Kafka's jars, which the first who asks fetches from Maven Central.
func Fetch(ctx context.Context) (string, error) {
	return cache.Folder("kafka-"+Version, func(dir string) error {
		pom := filepath.Join(dir, "pom.xml")
		if err := os.WriteFile(pom, []byte(project()), 0o644); err != nil {
			return err
		}
		return cache.Maven(ctx, dir, "-f", pom, cache.Dependency+"copy-dependencies",
			"-DincludeScope=runtime", "-DoutputDirectory="+dir)
	})
}

// project is a Maven project that depends on the artifacts and nothing else.
func project() string {
	var b strings.Builder
	b.WriteString(`<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>` +
		`<groupId>floe</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>`)
	for _, a := range artifacts {
		p := strings.Split(a, ":")
		fmt.Fprintf(&b, `<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>`, p[0], p[1], p[2])
	}
	b.WriteString(`</dependencies></project>`)
	return b.String()
}
