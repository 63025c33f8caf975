package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// Settings are what local.settings.json says.
type Settings struct {
	Values          map[string]string // Options.Settings
	CORS            string            // Host.CORS
	CORSCredentials bool              // Host.CORSCredentials
	Addr            string            // from Host.LocalHttpAddress and LocalHttpPort; empty if neither is set
}

// LoadSettings reads a local.settings.json. It refuses an encrypted one; IsEncrypted counts as true where it
// is missing, as in the Core Tools.
func LoadSettings(path string) (Settings, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Settings{}, fmt.Errorf("host: %w", err)
	}
	file := struct {
		IsEncrypted *bool
		Values      map[string]any
		Host        struct {
			LocalHTTPPort    int    `json:"LocalHttpPort"`
			LocalHTTPAddress string `json:"LocalHttpAddress"`
			CORS             string
			CORSCredentials  bool
		}
	}{}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &file); err != nil {
		return Settings{}, fmt.Errorf("host: %s: %w", path, err)
	}
	if file.IsEncrypted == nil || *file.IsEncrypted {
		return Settings{}, fmt.Errorf("host: %s is encrypted (IsEncrypted is true, or missing, which means the same): "+
			"run func settings decrypt, or set IsEncrypted to false if its values are in clear", path)
	}
	settings := Settings{Values: map[string]string{}, CORS: file.Host.CORS, CORSCredentials: file.Host.CORSCredentials}
	for name, value := range file.Values {
		clear, ok := value.(string)
		if !ok {
			return Settings{}, fmt.Errorf("host: %s: Values.%s is not a string", path, name)
		}
		settings.Values[name] = clear
	}
	if file.Host.LocalHTTPPort != 0 || file.Host.LocalHTTPAddress != "" {
		settings.Addr = fmt.Sprintf("%s:%d", or(file.Host.LocalHTTPAddress, "127.0.0.1"),
			or(file.Host.LocalHTTPPort, 7071))
	}
	return settings, nil
}
