#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Monitoring: how metrics get to node_exporter, and what Prometheus makes of them.

load common

REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RULES=$REPO/etc/prometheus-rules.yml
DASHBOARD=$REPO/etc/grafana-dashboard.json
MANUAL=$REPO/docs/monitoring.md

# Where the sandbox's `make install` has put the units, for a vifpin that is there.
UNITS=$SANDBOX/dest/usr/lib/systemd/system
NODE_EXPORTER_DIR=/var/lib/prometheus/node-exporter

# What node_exporter of the test reads.
make_textfile_dir() {
    TEXTFILES=$SIM_DIR/textfiles
    mkdir "$TEXTFILES"
}

# Does what the service does: one command after the other, up to the first that fails.
write_metrics() {
    local commands

    commands=$(sed -n 's/^ExecStart=//p' "$UNITS/vifpin-metrics.service")
    (cd "$TEXTFILES" && sh -ec "$commands")
}

# All that vifpin exports.
metrics() {
    vifpin list --prometheus
    vifpin verify --prometheus
}

# "NAME TYPE" of each metric that vifpin exports.
exported() {
    metrics | sed -n 's/^# TYPE //p'
}

# metric LINE: vifpin exports just this.
metric() {
    vifpin list --prometheus | grep -qxF "vifpin_$1" ||
        equal "$1" "$(vifpin list --prometheus | grep -v '^#')" "a metric"
}

# The expressions of the dashboard, a line each, with what Grafana puts in place of variables.
dashboard_queries() {
    # shellcheck disable=SC2016 # a variable of Grafana's
    jq -r '.. | objects | .expr // empty' "$DASHBOARD" |
        sed 's/\$instance/.*/g; s/\$__rate_interval/1m/g'
}

# --- what is exported ----------------------------------------------------------------------

@test "whether a watcher runs" {
    metric "watcher_running 0"
    keep_watchers_away
    metric "watcher_running 1"
    let_watchers_in
    metric "watcher_running 0"
    start_watcher
    metric "watcher_running 1"
    stop_watcher
    metric "watcher_running 0"
}

@test "whether a watcher runs cannot be told" {
    mkdir -p "$SIM_ROOT/run/vifpin"
    ln -s nowhere "$SIM_ROOT/run/vifpin/watch.lock"
    ends 1 "vifpin: cannot open /run/vifpin/watch.lock: Too many levels of symbolic links" \
        vifpin list --prometheus
}

@test "the load of a CPU counts sides and NIC interrupts; CPUs that vifs may not use have none" {
    sim nic eth0 msi 1
    echo 'cpus = "0-2"' >"$SIM_ROOT/etc/xen/vifpin.conf"
    by_hand 1 2
    equal "\
vifpin_cpu_load{cpu=\"0\"} 2
vifpin_cpu_load{cpu=\"1\"} 2
vifpin_cpu_load{cpu=\"2\"} 1" "$(vifpin list --prometheus | grep '^vifpin_cpu_load')"
}

@test "docs/monitoring.md has each metric with its type and labels, and no other" {
    local documented

    by_hand 1 1
    # Without a watcher there is no measured load.
    echo 'verify_interval = 1' | sim put etc/xen/vifpin.conf
    start_watcher
    await "$PATIENCE" test -e "$SIM_ROOT/run/vifpin/work.json"
    # shellcheck disable=SC2016 # backquotes of the text
    documented=$(sed -n 's/^| `\(vifpin_[a-z_]*\)` | \([a-z]*\) |\([^|]*\)|.*/\1 \2\3/p' "$MANUAL" |
        tr -d '`,' | sed 's/ *$//' | sort)
    equal "$(metrics | awk '
        $2 == "TYPE" { name = $3; type = $4; head = 1 }
        !/^#/ && head {
            head = 0
            labels = ""
            rest = $0
            while (match(rest, /[a-z]+="/)) {
                labels = labels " " substr(rest, RSTART, RLENGTH - 2)
                rest = substr(rest, RSTART + RLENGTH)
            }
            print name, type labels
        }' | sort)" "$documented" "metrics"
}

@test "each metric has one HELP and one TYPE, and no unit but the base unit" {
    local metrics

    by_hand 1 1
    metrics=$(metrics)
    equal "" "$(grep -oE '^# (HELP|TYPE) [a-z_]+' <<<"$metrics" | sort | uniq -d)" "twice"
    equal "$(sed -n 's/^# HELP \([a-z_]*\) .*/\1/p' <<<"$metrics")" \
        "$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' <<<"$metrics")" "HELP and TYPE"
    equal "" "$(promtool check metrics <<<"$metrics" 2>&1)" "what promtool says"
    equal "$(sed -n 's/^# TYPE \([a-z_]*\) counter/\1/p' <<<"$metrics")" \
        "$(grep -oE '^vifpin_[a-z_]+_total\b' <<<"$metrics" | uniq)" "counters"
}

# --- the file --------------------------------------------------------------------------------

@test "the service's command writes the metrics" {
    make_textfile_dir
    by_hand 1 1
    write_metrics
    equal "$(metrics)" "$(<"$TEXTFILES/vifpin.prom")"
    equal vifpin.prom "$(ls "$TEXTFILES")"
}

@test "the service's command leaves the file alone if vifpin fails" {
    make_textfile_dir
    by_hand 1 1
    write_metrics
    before=$(<"$TEXTFILES/vifpin.prom")
    echo x >"$LEDGER"
    run write_metrics
    equal 1 "$status" status
    equal "$before" "$(<"$TEXTFILES/vifpin.prom")"
    # Of these names node_exporter reads.
    equal vifpin.prom "$(cd "$TEXTFILES" && echo *.prom)"
}

@test "the service's command leaves the file alone if only the comparison with the kernel fails" {
    make_textfile_dir
    by_hand 1 1
    write_metrics
    before=$(<"$TEXTFILES/vifpin.prom")
    rm "$SIM_ROOT/proc/interrupts"
    vifpin list --prometheus >"$SIM_DIR/metrics"
    run write_metrics
    equal "1 $(vifpin verify --prometheus 2>&1)" "$status $output"
    equal "$before" "$(<"$TEXTFILES/vifpin.prom")"
}

@test "the service's command leaves the file alone if the disk gets full midway" {
    make_textfile_dir
    mount -t tmpfs -o size=32k small "$TEXTFILES"
    by_hand 1 1
    write_metrics
    before=$(<"$TEXTFILES/vifpin.prom")
    jq '[range(2000) as $i | .vifs[0] | .domid = $i] as $vifs | .vifs = $vifs' "$LEDGER" |
        sim put var/lib/vifpin/ledger.json
    run write_metrics
    equal "1 vifpin: write error: No space left on device" "$status $output"
    equal "$before" "$(<"$TEXTFILES/vifpin.prom")"
    sim stop-xenstored
    umount "$TEXTFILES"
}

# --- the units -------------------------------------------------------------------------------

@test "systemd finds nothing wrong with the units" {
    for unit in vifpin.service vifpin-metrics.service vifpin-metrics.timer; do
        run systemd-analyze --man=no verify "$UNITS/$unit"
        equal "0 " "$status $output" "$unit"
    done
    # What is left is that it is root, with the files and devices that it needs.
    systemd-analyze security --offline=yes --threshold=16 "$UNITS/vifpin-metrics.service" >"$SIM_DIR/security" ||
        equal "at most 1.6" "$(tail -n 1 "$SIM_DIR/security")"
}

# drop_in UNIT LINE...
drop_in() {
    mkdir "$SYSTEMD/units/$1.d"
    printf '%s\n' "${@:2}" >"$SYSTEMD/units/$1.d/test.conf"
}

# In processes and mounts of its own, where it can write below /run only and knows no unit but these.
start_systemd() {
    SYSTEMD=$SIM_DIR/systemd
    mkdir -p "$SYSTEMD/units" "$SYSTEMD/generators"
    for target in sysinit basic timers shutdown; do
        printf '[Unit]\nDefaultDependencies=no\n' >"$SYSTEMD/units/$target.target"
    done
    cp "$UNITS"/vifpin-metrics.* "$SYSTEMD/units"
    # RestrictSUIDSGID takes openat2() away, which --root needs; ASan looks for leaks by ptrace(). The
    # program may be below /tmp, which the service has for itself.
    drop_in vifpin-metrics.service '[Service]' RestrictSUIDSGID=no SystemCallFilter=ptrace \
        "StandardError=append:$SYSTEMD/log" "BindReadOnlyPaths=$(dirname "$VIFPIN_BIN")"
    # shellcheck disable=SC2016 # for the other shell
    unshare --mount --pid --fork --kill-child --mount-proc --cgroup --propagation private sh -ec '
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        mount --bind "$1" "$2"
        mount -o remount,bind,ro /
        exec env -i container=sandbox PATH="$PATH" SYSTEMD_UNIT_PATH="$3/units" \
            SYSTEMD_GENERATOR_PATH="$3/generators" /lib/systemd/systemd --system --unit=basic.target' \
        - "$TEXTFILES" "$NODE_EXPORTER_DIR" "$SYSTEMD" </dev/null >"$SYSTEMD/log" 2>&1 3>&- &
    await 10 test -S /run/systemd/private
    # As one of its processes: it refuses others.
    SYSTEMCTL=(nsenter -t "$(pgrep -P $!)" -m -p -- systemctl)
}

@test "the service and the timer under systemd" {
    make_textfile_dir
    by_hand 1 1
    start_systemd
    ends 0 "" "${SYSTEMCTL[@]}" start vifpin-metrics.service
    equal "$(metrics)" "$(<"$TEXTFILES/vifpin.prom")"
    equal "644 root vifpin.prom" "$(cd "$TEXTFILES" && stat -c '%a %U %n' -- *)"
    rm "$TEXTFILES/vifpin.prom"
    # Not to wait for a minute.
    drop_in vifpin-metrics.timer '[Timer]' 'OnCalendar=*:*:*'
    ends 0 "" "${SYSTEMCTL[@]}" daemon-reload
    ends 0 "" "${SYSTEMCTL[@]}" start vifpin-metrics.timer
    await 10 test -s "$TEXTFILES/vifpin.prom"
    # A run that the timer has begun may still have read the old ledger.
    ends 0 "" "${SYSTEMCTL[@]}" stop vifpin-metrics.timer vifpin-metrics.service
    echo x >"$LEDGER"
    before=$(<"$TEXTFILES/vifpin.prom")
    run "${SYSTEMCTL[@]}" start vifpin-metrics.service
    equal 1 "$status" "status of the service"
    equal "$before" "$(<"$TEXTFILES/vifpin.prom")"
    equal vifpin.prom "$(ls "$TEXTFILES")"
    equal "$(vifpin list --prometheus 2>&1)" "$(<"$SYSTEMD/log")" "what the service says"
}

# --- alerts and dashboard --------------------------------------------------------------------

# The names of the alerts, a line each.
alerts() {
    sed -n 's/^ *- alert: //p' "$RULES"
}

@test "alert rules: promtool accepts them, and they fire when they should and not otherwise" {
    run promtool check rules "$RULES"
    equal 0 "$status" "$output"
    run promtool test rules "$BATS_TEST_DIRNAME/prometheus-rules.test.yml"
    equal 0 "$status" "$output"
    # Each alert is tested, both ways.
    alerts | while read -r alert; do
        for wanted in 'exp_alerts: \[\]' 'exp_labels'; do
            grep -A 3 "alertname: $alert\$" "$BATS_TEST_DIRNAME/prometheus-rules.test.yml" |
                grep -q "$wanted" || equal "$wanted" "" "test of $alert"
        done
    done
}

@test "docs/monitoring.md has each alert, and no other" {
    # shellcheck disable=SC2016 # backquotes of the text
    equal "$(alerts | sort)" "$(sed -n 's/^| `\(Vifpin[A-Za-z]*\)` |.*/\1/p' "$MANUAL" | sort)"
}

@test "alerts and dashboard use metrics that vifpin exports" {
    by_hand 1 1
    equal "" "$(grep -ohE '\bvifpin_[a-z_]+' "$RULES" "$DASHBOARD" | sort -u |
        grep -vxF "$(exported | cut -d ' ' -f 1)" || :)"
}

@test "dashboard: promtool accepts each query" {
    dashboard_queries >"$SIM_DIR/queries"
    [ -s "$SIM_DIR/queries" ]
    jq -Rn '{ groups: [ { name: "dashboard", rules: [ inputs | { record: "query", expr: . } ] } ] }' \
        <"$SIM_DIR/queries" >"$SIM_DIR/rules.yml"
    run promtool check rules --lint=none "$SIM_DIR/rules.yml"
    equal 0 "$status" "$output"
}

# --- the real Prometheus ---------------------------------------------------------------------

PROMETHEUS=127.0.0.1:9090
EXPORTER=127.0.0.1:9100

# On the sandbox's own loopback, where every port is free. They end with what the test has started.
start_prometheus() {
    cat >"$SIM_DIR/prometheus.yml" <<EOF
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ $RULES ]
scrape_configs: [ { job_name: node, static_configs: [ { targets: [ "$EXPORTER" ] } ] } ]
EOF
    prometheus-node-exporter --web.listen-address="$EXPORTER" --collector.disable-defaults \
        --collector.textfile --collector.textfile.directory="$TEXTFILES" \
        </dev/null >"$SIM_DIR/exporter.log" 2>&1 3>&- &
    prometheus --config.file="$SIM_DIR/prometheus.yml" --storage.tsdb.path="$SIM_DIR/tsdb" \
        --web.listen-address="$PROMETHEUS" </dev/null >"$SIM_DIR/prometheus.log" 2>&1 3>&- &
    await 30 query up
}

# query EXPR: prints what Prometheus answers, a line each, without time; fails if that is nothing.
query() {
    promtool query instant "http://$PROMETHEUS" "$1" 2>/dev/null | sed 's/ @\[[0-9.]*\]$//' | grep .
}

# answers EXPR LINE...: Prometheus answers so.
answers() {
    [ "$(query "$1" | sort)" = "$(printf '%s\n' "${@:2}" | sort)" ]
}

# A host with something for each alert that needs no more than a minute.
troubled_host() {
    by_hand 1 2
    sim domain 2 g2 1
    sim vif 2 0 netdev=no hotplug-status=connected
    sim connect 2 0 1
    sim end-thread vif2.0-q0-dealloc
    vifpin pin g2 2>/dev/null || :
    : >"$SIM_ROOT/var/lib/vifpin/ledger.json.corrupt-20260101T000000Z"
    kept 1.0=20/30 0=50 1=60 2=10 3=10
}

@test "Prometheus and node_exporter of Debian read the metrics; every panel has data" {
    local expr

    make_textfile_dir
    troubled_host
    write_metrics
    start_prometheus
    await 10 answers 'sum by (state) (vifpin_vifs)' \
        '{state="reserved"} => 0' '{state="partial"} => 1' '{state="pinned"} => 1'
    # None is lost, none is refused.
    equal "{} => $(grep -cv '^#' "$TEXTFILES/vifpin.prom")" "$(query 'count({__name__=~"vifpin_.+"})')"
    answers 'sum(node_textfile_scrape_error)' '{} => 0'
    dashboard_queries >"$SIM_DIR/queries"
    while IFS= read -r expr; do
        await 10 query "$expr" >"$SIM_DIR/answer" || equal data none "$expr"
        ! grep NaN "$SIM_DIR/answer" || equal "a number" NaN "$expr"
    done <"$SIM_DIR/queries"
    # Of what is wrong, and of nothing else.
    await 10 answers 'sum by (alertname, alertstate) (ALERTS)' \
        '{alertname="VifpinLedgerSetAside", alertstate="firing"} => 1' \
        '{alertname="VifpinVifsPartial", alertstate="pending"} => 1' \
        '{alertname="VifpinWatcherDown", alertstate="pending"} => 1' ||
        equal "three alerts" "$(query 'ALERTS')"
    # What is no longer written shows by the age of its file.
    touch -d '1 hour ago' "$TEXTFILES/vifpin.prom"
    await 10 answers 'sum by (alertstate) (ALERTS{alertname="VifpinMetricsStale"})' \
        '{alertstate="pending"} => 1' || equal "a pending alert" "$(query 'ALERTS')"
}
