package bench_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// happening is an event as encoding/json reads it; what another kind of event has is zero.
type happening struct {
	Event string `json:"event"`
	At    stamp  `json:"at"`
	Extra string `json:"extra"`

	ID    int64  `json:"id"`
	Name  string `json:"name"`
	City  string `json:"city"`
	State string `json:"state"`

	Item        string `json:"item"`
	Description string `json:"description"`
	InitialBid  int64  `json:"initial_bid"`
	Reserve     int64  `json:"reserve"`
	Expires     stamp  `json:"expires"`
	Seller      int64  `json:"seller"`
	Category    int64  `json:"category"`

	Auction int64  `json:"auction"`
	Bidder  int64  `json:"bidder"`
	Price   int64  `json:"price"`
	Channel string `json:"channel"`
	URL     string `json:"url"`
}

// stamp is a time in microseconds of the Unix epoch.
type stamp int64

func (s *stamp) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	at, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(text))
	*s = stamp(at.UnixMicro())
	return err
}

func (s stamp) MarshalJSON() ([]byte, error) { return json.Marshal(s.time().Format(time.RFC3339Nano)) }

func (s stamp) time() time.Time { return time.UnixMicro(int64(s)).UTC() }

const second = 1_000_000

// fields is a row of a result, by column; encoding/json writes it in the order of the names.
type fields map[string]any

// A model computes a query of Nexmark from all events, in the order in which they came: by the meaning of the query, one thing
// after the other, as slowly as it may be.
type model func(events []*happening) []fields

var models = map[string]model{
	"q0": func(events []*happening) (rows []fields) {
		for _, b := range bidsOf(events) {
			rows = append(rows, wholeBid(b))
		}
		return rows
	},
	"q1": func(events []*happening) (rows []fields) {
		for _, b := range bidsOf(events) {
			rows = append(rows, fields{"auction": b.Auction, "bidder": b.Bidder, "price": number(float64(b.Price) * 0.908), "at": b.At, "extra": b.Extra})
		}
		return rows
	},
	"q2": func(events []*happening) (rows []fields) {
		for _, b := range bidsOf(events) {
			if b.Auction%123 == 0 {
				rows = append(rows, fields{"auction": b.Auction, "price": b.Price})
			}
		}
		return rows
	},
	"q3": func(events []*happening) (rows []fields) {
		auctions := of(events, "auction")
		for _, p := range of(events, "person") {
			if p.State != "OR" && p.State != "ID" && p.State != "CA" {
				continue
			}
			for _, a := range auctions {
				if a.Seller == p.ID && a.Category == 10 {
					rows = append(rows, fields{"name": p.Name, "city": p.City, "state": p.State, "auction": a.ID})
				}
			}
		}
		return rows
	},
	"q4": func(events []*happening) (rows []fields) {
		sum, n := map[int64]int64{}, map[int64]int64{}
		for _, w := range winners(events) {
			sum[w.auction.Category] += w.bid.Price
			n[w.auction.Category]++
		}
		for category := range sum {
			rows = append(rows, fields{"category": category, "price": number(float64(sum[category]) / float64(n[category]))})
		}
		return rows
	},
	"q5": func(events []*happening) (rows []fields) {
		bids := bidsOf(events)
		first, last := earliest(bids), latest(bids)
		for end := first / (2 * second) * (2 * second); end <= last+10*second; end += 2 * second {
			counts, most := map[int64]int64{}, int64(1)
			for _, b := range bids {
				if b.At >= end-10*second && b.At < end {
					counts[b.Auction]++
					most = max(most, counts[b.Auction])
				}
			}
			for auction, n := range counts {
				if n == most {
					rows = append(rows, fields{"window_start": end - 10*second, "window_end": end, "auction": auction, "bids": n, "rank": 1})
				}
			}
		}
		return rows
	},
	"q7": func(events []*happening) (rows []fields) {
		highest := map[stamp]int64{}
		for _, b := range bidsOf(events) {
			end := tumbling(b.At) + 10*second
			highest[end] = max(highest[end], b.Price)
		}
		for _, b := range bidsOf(events) {
			if end := tumbling(b.At) + 10*second; b.Price == highest[end] {
				rows = append(rows, fields{"window_end": end, "auction": b.Auction, "bidder": b.Bidder, "price": b.Price, "at": b.At, "extra": b.Extra, "rank": 1})
			}
		}
		return rows
	},
	"q8": func(events []*happening) (rows []fields) {
		auctions := of(events, "auction")
		for _, p := range of(events, "person") {
			start := tumbling(p.At)
			if slices.ContainsFunc(auctions, func(a *happening) bool { return a.Seller == p.ID && tumbling(a.At) == start }) {
				rows = append(rows, fields{"id": p.ID, "name": p.Name, "window_start": start, "window_end": start + 10*second})
			}
		}
		return rows
	},
	"q9": func(events []*happening) (rows []fields) {
		for _, w := range winners(events) {
			a, b := w.auction, w.bid
			rows = append(rows, fields{"auction": a.ID, "item": a.Item, "description": a.Description, "initial_bid": a.InitialBid, "reserve": a.Reserve,
				"at": a.At, "expires": a.Expires, "seller": a.Seller, "category": a.Category, "extra": a.Extra,
				"bidder": b.Bidder, "price": b.Price, "bid_at": b.At, "bid_extra": b.Extra})
		}
		return rows
	},
	"q11": func(events []*happening) (rows []fields) {
		times := map[int64][]stamp{}
		for _, b := range bidsOf(events) {
			times[b.Bidder] = append(times[b.Bidder], b.At)
		}
		for bidder, all := range times {
			slices.Sort(all)
			for from := 0; from < len(all); {
				to := from + 1
				for to < len(all) && all[to]-all[to-1] <= 10*second {
					to++
				}
				rows = append(rows, fields{"window_start": all[from], "window_end": all[to-1] + 10*second, "bidder": bidder, "bids": to - from})
				from = to
			}
		}
		return rows
	},
	// Of time of arrival only the sums over all windows are known.
	"q12": func(events []*happening) (rows []fields) {
		counts := map[int64]int{}
		for _, b := range bidsOf(events) {
			counts[b.Bidder]++
		}
		for bidder, n := range counts {
			rows = append(rows, fields{"bidder": bidder, "bids": n})
		}
		return rows
	},
	"q13": func(events []*happening) (rows []fields) {
		for _, b := range bidsOf(events) {
			rows = append(rows, fields{"auction": b.Auction, "bidder": b.Bidder, "price": b.Price, "at": b.At, "value": b.Auction % 10000})
		}
		return rows
	},
	"q14": func(events []*happening) (rows []fields) {
		for _, b := range bidsOf(events) {
			price := float64(b.Price) * 0.908
			if price <= 1_000_000 || price >= 50_000_000 {
				continue
			}
			label := "other"
			switch hour := b.At.time().Hour(); {
			case hour >= 8 && hour <= 18:
				label = "day"
			case hour <= 6 || hour >= 20:
				label = "night"
			}
			rows = append(rows, fields{"auction": b.Auction, "bidder": b.Bidder, "price": number(price), "time_of_day": label, "at": b.At,
				"extra": b.Extra, "c_counts": strings.Count(b.Extra, "c")})
		}
		return rows
	},
	"q15": func(events []*happening) []fields {
		return grouped(events, func(*happening) (string, any) { return "", nil }, banded)
	},
	"q16": func(events []*happening) []fields {
		return grouped(events, func(b *happening) (string, any) { return "channel", b.Channel }, func(bids []*happening) fields {
			row := banded(bids)
			row["minute"] = latest(bids).time().Format("15:04")
			return row
		})
	},
	"q17": func(events []*happening) []fields {
		return grouped(events, func(b *happening) (string, any) { return "auction", b.Auction }, func(bids []*happening) fields {
			row := fields{}
			for name, all := range bands(bids) {
				row[name+"_bids"] = len(all)
			}
			low, high, sum := bids[0].Price, bids[0].Price, int64(0)
			for _, b := range bids {
				low, high, sum = min(low, b.Price), max(high, b.Price), sum+b.Price
			}
			row["min_price"], row["max_price"], row["sum_price"] = low, high, sum
			row["avg_price"] = number(float64(sum) / float64(len(bids)))
			return row
		})
	},
	"q18": func(events []*happening) (rows []fields) {
		last := map[[2]int64]*happening{}
		for _, b := range bidsOf(events) {
			key := [2]int64{b.Bidder, b.Auction}
			if old, known := last[key]; !known || b.At >= old.At {
				last[key] = b
			}
		}
		for _, b := range last {
			rows = append(rows, wholeBid(b))
		}
		return rows
	},
	"q19": func(events []*happening) (rows []fields) {
		byAuction := map[int64][]*happening{}
		for _, b := range bidsOf(events) {
			byAuction[b.Auction] = append(byAuction[b.Auction], b)
		}
		for _, bids := range byAuction {
			slices.SortFunc(bids, func(a, b *happening) int {
				return cmp.Or(cmp.Compare(b.Price, a.Price), cmp.Compare(a.At, b.At), cmp.Compare(a.Bidder, b.Bidder), cmp.Compare(a.Extra, b.Extra))
			})
			for i, b := range bids[:min(10, len(bids))] {
				row := wholeBid(b)
				row["rank"] = i + 1
				rows = append(rows, row)
			}
		}
		return rows
	},
	"q20": func(events []*happening) (rows []fields) {
		auctions := map[int64]*happening{}
		for _, a := range of(events, "auction") {
			auctions[a.ID] = a
		}
		for _, b := range bidsOf(events) {
			if a, known := auctions[b.Auction]; known && a.Category == 10 {
				row := wholeBid(b)
				for name, v := range (fields{"item": a.Item, "description": a.Description, "initial_bid": a.InitialBid, "reserve": a.Reserve,
					"auction_at": a.At, "expires": a.Expires, "seller": a.Seller, "category": a.Category, "auction_extra": a.Extra}) {
					row[name] = v
				}
				rows = append(rows, row)
			}
		}
		return rows
	},
	"q22": func(events []*happening) (rows []fields) {
		for _, b := range bidsOf(events) {
			parts := strings.Split(b.URL, "/")
			rows = append(rows, fields{"auction": b.Auction, "bidder": b.Bidder, "price": b.Price, "channel": b.Channel,
				"dir1": parts[3], "dir2": parts[4], "dir3": parts[5]})
		}
		return rows
	},
}

// of are the events of a kind.
func of(events []*happening, kind string) []*happening {
	var all []*happening
	for _, e := range events {
		if e.Event == kind {
			all = append(all, e)
		}
	}
	return all
}

func bidsOf(events []*happening) []*happening { return of(events, "bid") }

func wholeBid(b *happening) fields {
	return fields{"auction": b.Auction, "bidder": b.Bidder, "price": b.Price, "channel": b.Channel, "url": b.URL, "at": b.At, "extra": b.Extra}
}

func tumbling(at stamp) stamp { return at / (10 * second) * (10 * second) }

func earliest(events []*happening) stamp {
	return slices.MinFunc(events, func(a, b *happening) int { return cmp.Compare(a.At, b.At) }).At
}

func latest(events []*happening) stamp {
	return slices.MaxFunc(events, func(a, b *happening) int { return cmp.Compare(a.At, b.At) }).At
}

// winner is an auction with the bid that won it.
type winner struct{ auction, bid *happening }

// winners are the auctions for which there was a bid while they were open.
func winners(events []*happening) (all []winner) {
	bids := map[int64][]*happening{}
	for _, b := range bidsOf(events) {
		bids[b.Auction] = append(bids[b.Auction], b)
	}
	for _, a := range of(events, "auction") {
		var won *happening
		for _, b := range bids[a.ID] {
			if b.At < a.At || b.At > a.Expires {
				continue
			}
			if won == nil || cmp.Or(cmp.Compare(won.Price, b.Price), cmp.Compare(b.At, won.At), cmp.Compare(b.Bidder, won.Bidder), cmp.Compare(b.Extra, won.Extra)) < 0 {
				won = b
			}
		}
		if won != nil {
			all = append(all, winner{a, won})
		}
	}
	return all
}

// grouped makes a row of the bids of each day and key.
func grouped(events []*happening, key func(b *happening) (column string, value any), row func(bids []*happening) fields) (rows []fields) {
	type group struct {
		start stamp
		of    string
	}
	groups := map[group][]*happening{}
	for _, b := range bidsOf(events) {
		_, value := key(b)
		g := group{stamp(b.At.time().Truncate(24 * time.Hour).UnixMicro()), fmt.Sprint(value)}
		groups[g] = append(groups[g], b)
	}
	for g, bids := range groups {
		r := row(bids)
		r["window_start"], r["window_end"] = g.start, g.start+24*3600*second
		if column, value := key(bids[0]); column != "" {
			r[column] = value
		}
		rows = append(rows, r)
	}
	return rows
}

// bands are all bids, and those of each band of price.
func bands(bids []*happening) map[string][]*happening {
	all := map[string][]*happening{"total": bids, "low": nil, "middle": nil, "high": nil}
	for _, b := range bids {
		name := "high"
		switch {
		case b.Price < 10_000:
			name = "low"
		case b.Price < 1_000_000:
			name = "middle"
		}
		all[name] = append(all[name], b)
	}
	return all
}

// banded counts bids, bidders and auctions in each band.
func banded(bids []*happening) fields {
	row := fields{}
	for name, all := range bands(bids) {
		bidders, auctions := map[int64]bool{}, map[int64]bool{}
		for _, b := range all {
			bidders[b.Bidder], auctions[b.Auction] = true, true
		}
		row[name+"_bids"], row[name+"_bidders"], row[name+"_auctions"] = len(all), len(bidders), len(auctions)
	}
	return row
}
