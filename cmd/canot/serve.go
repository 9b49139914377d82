package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"canot/api"
)

// serve is the server: it migrates the data base unless told not to, listens,
// works off the jobs, and stops gracefully when ctx is done.
func serve(ctx context.Context, cmd *command) error {
	if _, err := cmd.parse(cmd.flags(), 0, 0); err != nil {
		return err
	}
	cfg, url, err := cmd.address("")
	if err != nil {
		return err
	}
	send, err := cfg.sender(cmd.words)
	if err != nil {
		return err
	}
	if err := cfg.checkOIDC(cmd.words); err != nil {
		return err
	}
	if err := cmd.words.checkFile(url, true); err != nil {
		return err
	}
	log := cfg.logger(cmd.stderr)
	nw, err := open(ctx, opening{
		url: url, conns: cfg.DatabaseConns, migrate: cfg.Migrate, ready: true, wait: cfg.DatabaseWait, log: log,
		waiting: func(err error) { log.Warn("waiting for the data base", "error", err.Error()) },
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	if err != nil {
		return err
	}
	nw.send = send
	return errors.Join(nw.run(ctx, cfg, log, nil), nw.close())
}

// run listens and serves until ctx is done. ready, when not nil, is told the
// address once connections are taken.
func (n *network) run(ctx context.Context, cfg config, log *slog.Logger, ready func(addr net.Addr)) error {
	listener, err := net.Listen("tcp", string(cfg.Addr))
	if err != nil {
		return err
	}
	return n.runOn(ctx, listener, cfg, log, ready)
}

// runOn serves on a listener that is open already.
func (n *network) runOn(ctx context.Context, listener net.Listener, cfg config, log *slog.Logger, ready func(addr net.Addr)) error {
	var admin net.Listener
	if cfg.AdminAddr != "off" {
		var err error
		if admin, err = net.Listen("tcp", string(cfg.AdminAddr)); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	n.equip(cfg)
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var all sync.WaitGroup
	all.Go(func() {
		if err := n.work(working); err != nil && working.Err() == nil {
			log.Error("jobs", "error", err.Error())
		}
	})
	server := newServer(n.handler(cfg), log)
	server.RegisterOnShutdown(n.site.EndScreens)
	servers := []*http.Server{server}
	failed := make(chan error, 2)
	all.Go(func() { failed <- server.Serve(listener) })
	if admin != nil {
		side := newServer(api.Admin(), log)
		// A profile takes as long as it was asked to.
		side.WriteTimeout = 0
		servers = append(servers, side)
		all.Go(func() { failed <- side.Serve(admin) })
	}
	log.Info("listening", "addr", listener.Addr().String(), "admin", where(admin), "version", build().Version)
	if ready != nil {
		ready(listener.Addr())
	}
	var err error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case err = <-failed:
	}
	err = errors.Join(err, shutdown(servers, cfg.StopWait))
	n.site.EndScreens() // nobody may still look when the data base is closed
	stopWork()
	all.Wait()
	return err
}

// where is the address of a listener, "off" without one.
func where(l net.Listener) string {
	if l == nil {
		return "off"
	}
	return l.Addr().String()
}

// newServer is an HTTP server that a slow or silent client cannot keep busy.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// shutdown lets the requests in flight end, for as long as wait, then closes what is left.
func shutdown(servers []*http.Server, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	var err error
	for _, s := range servers {
		if s.Shutdown(ctx) != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return err
}
