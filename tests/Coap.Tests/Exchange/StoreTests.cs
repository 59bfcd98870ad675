namespace Flint.Coap.Tests.Exchange;

/// <summary>The stores below the message layer against plain collections, with random operations.</summary>
public sealed class StoreTests
{
    [Fact]
    public void HashIndex_RandomOperations_AgreesWithADictionary()
    {
        var random = new Random(1);
        var index = new HashIndex();
        var model = new Dictionary<int, uint>();
        for (int i = 0; i < 200_000; i++)
        {
            int place = random.Next(300);
            if (model.Remove(place, out uint hash))
            {
                index.Remove(hash, place);
            }
            else
            {
                // Few different hashes, all near the end of the table: long chains that wrap around.
                hash = unchecked((uint)random.Next(40) * 0x40000001) | 0x3f0;
                model[place] = hash;
                index.Add(hash, place);
            }

            if (i % 500 == 0)
            {
                foreach (IGrouping<uint, int> group in model.GroupBy(pair => pair.Value, pair => pair.Key))
                {
                    var found = new List<int>();
                    int cursor = index.Start(group.Key);
                    while (index.TryNext(group.Key, ref cursor, out int next))
                    {
                        found.Add(next);
                    }

                    Assert.Equal(group.Order(), found.Order());
                }
            }

            Assert.Equal(model.Count, index.Count);
        }
    }

    [Fact]
    public void DeadlineHeap_RandomOperations_AgreesWithADictionary()
    {
        var random = new Random(2);
        var heap = new DeadlineHeap();
        var model = new Dictionary<int, long>();
        for (int i = 0; i < 100_000; i++)
        {
            int place = random.Next(100);
            if (random.Next(3) == 0)
            {
                heap.Remove(place);
                model.Remove(place);
            }
            else
            {
                model[place] = random.Next(50);
                heap.Set(place, model[place]);
            }

            Assert.Equal(model.Count, heap.Count);
            Assert.Equal(model.Count == 0 ? long.MaxValue : model.Values.Min(), heap.Earliest);
            if (model.Count > 0)
            {
                Assert.Equal(heap.Earliest, model[heap.EarliestPlace]);
            }
        }
    }

    [Fact]
    public void ResponseLog_RandomOperations_KeepsWhatHasNotGivenWay()
    {
        var random = new Random(3);
        foreach (int size in new[] { 4096, 1 << 14, 1 << 17 })
        {
            var log = new ResponseLog(size);
            var model = new Queue<(long Position, byte[] Bytes, long Until)>();
            for (long now = 0; now < 5000; now++)
            {
                var response = new byte[random.Next(1, 900)];
                random.NextBytes(response);
                long position = log.Add(response, now + 100);
                model.Enqueue((position, response, now + 100));
                if (random.Next(10) == 0)
                {
                    log.Purge(now);
                    while (model.TryPeek(out (long, byte[], long Until) oldest) && oldest.Until <= now)
                    {
                        model.Dequeue();
                    }
                }

                while (!log.TryGet(model.Peek().Position, out _))
                {
                    model.Dequeue();
                }

                // What is kept is at least half of the ring, and exactly the newest.
                Assert.True(model.Count >= Math.Min(100, size / 2 / 1000) || now < 100 || model.Sum(entry => entry.Bytes.Length) > size / 2);
                foreach ((long kept, byte[] bytes, _) in model)
                {
                    Assert.True(log.TryGet(kept, out ReadOnlySpan<byte> actual));
                    Assert.True(actual.SequenceEqual(bytes));
                }
            }

            log.Purge(10_000);
            Assert.True(log.IsEmpty);
        }
    }

    [Fact]
    public void MessageIds_RandomPauses_NeverRepeatWithinTheLifetime()
    {
        var random = new Random(4);
        long lifetime = TimeSpan.FromSeconds(247).Ticks;
        var ids = new MessageIds(65000);
        var lastUse = new Dictionary<ushort, long>();
        long now = TimeSpan.FromSeconds(3).Ticks;
        for (int i = 0; i < 400_000; i++)
        {
            if (ids.TryTake(now, lifetime, out ushort id, out long readyAt))
            {
                Assert.True(!lastUse.TryGetValue(id, out long used) || now - used >= lifetime);
                lastUse[id] = now;
                now += random.Next(0, (int)TimeSpan.TicksPerMillisecond * 6);
            }
            else
            {
                Assert.True(readyAt > now);
                now = readyAt;
            }

            Assert.True(ids.AreInUse(now, lifetime));
        }

        Assert.False(ids.AreInUse(now + lifetime + TimeSpan.TicksPerSecond, lifetime));
    }
}
