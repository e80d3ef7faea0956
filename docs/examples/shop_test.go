package shop

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const start = "uvx --from bonkei --with boto3 python -m bonkei.testing"

var bonkei struct {
	URL, Reset, Keep string
	Environment      map[string]string
	Databases        map[string]string
}

func TestMain(m *testing.M) {
	words := strings.Fields(start)
	miniature := exec.Command(words[0], words[1:]...)
	miniature.Stderr = os.Stderr
	input, _ := miniature.StdinPipe()
	output, _ := miniature.StdoutPipe()
	if err := miniature.Start(); err != nil {
		log.Fatal(err)
	}
	if err := json.NewDecoder(output).Decode(&bonkei); err != nil {
		log.Fatal("the miniature did not become ready: ", err)
	}
	for name, value := range bonkei.Environment {
		os.Setenv(name, value)
	}
	code := m.Run()
	input.Close()
	miniature.Wait()
	os.Exit(code)
}

func reset(t *testing.T) {
	answer, err := http.Post(bonkei.Reset, "", nil)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatal("the data was not reset: ", answer, err)
	}
}

func TestTheShopAnswers(t *testing.T) {
	t.Cleanup(func() { reset(t) })
	answer, err := http.Get(bonkei.URL)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
}
