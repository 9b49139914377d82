package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthcheck asks a running server whether it is alive, for containers whose
// image has neither a shell nor curl.
func healthcheck(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	url := set.String("url", "", "")
	wait := set.Duration("timeout", 3*time.Second, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	if *url == "" {
		cfg, err := loadConfig(cmd.env, cmd.words)
		if err != nil {
			return err
		}
		*url = "http://" + reachable(string(cfg.Addr)) + "/healthz"
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, *url, nil)
	if err != nil {
		return usageError(err.Error())
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", *url, answer.Status)
	}
	return nil
}

// reachable turns an address to listen on into one to ask: all interfaces are
// asked at the loopback one.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
