// franz-go: polls fetches and looks at the length of each value.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	brokers, topic := os.Args[1], os.Args[2]
	partitions, _ := strconv.Atoi(os.Args[3])
	rows, _ := strconv.ParseInt(os.Args[4], 10, 64)
	offsets := map[int32]kgo.Offset{}
	for partition := 0; partition < partitions; partition++ {
		offsets[int32(partition)] = kgo.NewOffset().AtStart()
	}
	before, begun := processor(), time.Now()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: offsets}),
		kgo.FetchMaxPartitionBytes(4<<20),
	)
	if err != nil {
		panic(err)
	}
	found, bytes := int64(0), int64(0)
	for found < rows {
		fetches := client.PollFetches(context.Background())
		if errs := fetches.Errors(); len(errs) > 0 {
			panic(errs[0].Err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			found++
			bytes += int64(len(record.Value))
		})
	}
	seconds, worked := time.Since(begun).Seconds(), processor()-before
	client.Close()
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	fmt.Println(seconds, worked, usage.Maxrss*1024, found, bytes)
}

func processor() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	of := func(time syscall.Timeval) float64 { return float64(time.Sec) + float64(time.Usec)/1e6 }
	return of(usage.Utime) + of(usage.Stime)
}
