using System;
using System.Collections;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// A device's life with its server: connects, resumes or shakes hands, keeps the connection, serves functions and variables, publishes events,
/// updates itself, and comes back from everything (docs/spec/device-agent.md). One thread runs it; <see cref="Publish"/> may be called from any.
/// </summary>
public sealed partial class DeviceAgent : ICoapHandler
{
    private readonly DeviceAgentSettings _settings;
    private readonly IDevicePlatform _platform;
    private readonly IDeviceCrypto _crypto;
    private readonly IEntropySource _random;
    private readonly DeviceResources _resources = new DeviceResources();
    private readonly ArrayList _events = new ArrayList();
    private readonly byte[] _jitter = new byte[4];
    private DeviceUpdater? _updater;
    private DeviceConnection? _connection;
    private DeviceTunnel? _tunnel;
    private TunnelTicket? _ticket;
    private int _pin;
    private int _failures;
    private int _faults;
    private long _nextAttempt;
    private long _deadline;
    private long _lastHeard;
    private long _nextObserve;
    private readonly long _trialEnds;
    private bool _isPinging;
    private bool _reportDue = true;
    private OtaReason _reported;
    private bool _stop;

    /// <param name="settings">Times, sizes and the tunnel's settings; not to be changed afterwards.</param>
    /// <param name="platform">The board.</param>
    /// <param name="crypto">The platform's AES and HMAC.</param>
    /// <param name="random">Randomness, hedged: see <see cref="HedgedRandom"/>.</param>
    /// <exception cref="ArgumentException">The settings are not valid; the message says why.</exception>
    public DeviceAgent(DeviceAgentSettings settings, IDevicePlatform platform, IDeviceCrypto crypto, IEntropySource random)
    {
        if (settings == null || platform == null || crypto == null || random == null)
        {
            throw new ArgumentNullException(nameof(settings));
        }

        settings.Validate();
        _settings = settings;
        _platform = platform;
        _crypto = crypto;
        _random = random;
        _resources.MaxBody = settings.MaxBody;
        _trialEnds = platform.Now + settings.TrialTimeout;
        for (int i = 0; i < settings.Tunnel.Pins.Length; i++)
        {
            settings.Tunnel.Pins[i].Yield = FeedWatchdog;
        }
    }

    /// <summary>Whether the server has accepted this device and the connection lives.</summary>
    public bool IsConnected => _connection != null && _connection.Endpoint != null;

    /// <summary>How many connections were made, and how many of them resumed an earlier session.</summary>
    public int Connections;

    /// <summary>How many connections resumed an earlier session.</summary>
    public int Resumptions;

    /// <summary>Why the last tunnel died.</summary>
    public TunnelFailure LastFailure;

    /// <summary>What the engine said to the server's last offer; Ok where there was none.</summary>
    public OtaStatus LastOffer => _updater == null ? OtaStatus.Ok : _updater.LastOffer;

    /// <summary>Events that were dropped: because too many waited, because one is too long, or because the server refused a block of it or did not answer.</summary>
    public int EventsDropped;

    /// <summary>Offers a function at <c>/f/{name}</c>. It runs on the agent's thread.</summary>
    public void AddFunction(string name, DeviceFunction function) => _resources.AddFunction(name, function);

    /// <summary>Offers a variable at <c>/v/{name}</c>. It is read on the agent's thread.</summary>
    public void AddVariable(string name, DeviceVariable variable) => _resources.AddVariable(name, variable);

    /// <summary>Updates this device with the engine, which has been started.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="boot">Resets the device when the engine asks for it.</param>
    /// <param name="selfTest">Judges an image on trial once it has reached the server; null: reaching it is enough.</param>
    public void UseUpdates(OtaEngine engine, OtaBoot boot, DeviceSelfTest? selfTest) => _updater = new DeviceUpdater(engine, boot, selfTest, _settings);

    /// <summary>
    /// Sends an event to <c>/e/{name}</c> of the server, now or when it can be reached. Up to 16 wait; then the oldest is dropped. One waits until the
    /// network has taken it, or the server, where it is longer than a message and goes in blocks, up to <see cref="DeviceAgentSettings.MaxBody"/> bytes.
    /// </summary>
    /// <exception cref="ArgumentNullException">A name or a payload is missing.</exception>
    public void Publish(string name, string payload)
    {
        if (name == null || payload == null)
        {
            throw new ArgumentNullException(nameof(name));
        }

        lock (_events)
        {
            if (_events.Count == MaxEvents)
            {
                _events.RemoveAt(_events[0] == _sending ? 1 : 0);
                EventsDropped++;
            }

            _events.Add(new DeviceEvent(name, payload));
        }
    }

    /// <summary>Runs until <see cref="Stop"/>, or until the device resets itself.</summary>
    public void Run()
    {
        while (!_stop)
        {
#pragma warning disable CA1031 // a fault of ours must not end the device's life: it is recorded, and the agent starts over
            try
            {
                Step();
            }
            catch (Exception e)
            {
                Recover(e);
            }
#pragma warning restore CA1031
        }

        Drop();
    }

    /// <summary>Lets <see cref="Run"/> return soon, for good.</summary>
    public void Stop() => _stop = true;

    /// <inheritdoc/>
    public void OnRequest(CoapEndpoint endpoint, CoapReader request) => _resources.Answer(endpoint, request, _updater, _platform.Now);

    /// <inheritdoc/>
    public void OnResponse(CoapEndpoint endpoint, int requestId, CoapReader response)
    {
        if (requestId == _block)
        {
            OnBlock(response);
        }
        else if (_updater != null && _updater.TryTake(endpoint, requestId, response, _platform.Now))
        {
            // Behind the work, which a slow file system may draw out for longer than a response may take.
            _updater.LastProgress = _platform.Now;
        }
    }

    /// <summary>
    /// One turn of <see cref="Run"/>'s loop, for a program that owns the loop: half a second at most, but for the computations of a full handshake.
    /// Unlike <see cref="Run"/> it lets an exception of the board through.
    /// </summary>
    public void Step()
    {
        long now = _platform.Now;
        FeedWatchdog();
        if (_updater != null && (_updater.WantsReset || IsTrialOver))
        {
            Drop();
            _updater.Boot.Reset();
            _stop = true;
        }
        else if (_connection == null)
        {
            Connect(now);
        }
        else if (_connection.Endpoint == null)
        {
            ShakeHands(now);
        }
        else
        {
            Serve(now);
        }
    }

    /// <summary>
    /// Feeds the watchdog, unless the image on trial has had its time. What takes long on the agent's thread calls it in between: the Yield of the pins does
    /// already; that of a signing key, of a <c>P256</c> and of the files is set by the program.
    /// </summary>
    public void FeedWatchdog()
    {
        if (!IsTrialOver)
        {
            _platform.FeedWatchdog();
        }
    }

    private bool IsTrialOver => _updater != null && _updater.IsOnTrial && _platform.Now >= _trialEnds;

    private void Connect(long now)
    {
        if (now < _nextAttempt)
        {
            long wait = _nextAttempt - now;
            _platform.Sleep(wait < Turn ? (int)wait : Turn);
            return;
        }

        // What takes seconds comes before the server's deadline begins to run [ST-706].
        _ticket ??= TunnelTicket.Take(_platform);
        var tunnel = new DeviceTunnel(_settings.Tunnel, _crypto, _random);
        tunnel.UsePin(_pin);
        TunnelTicket? ticket = _ticket != null && _ticket.Suite == _settings.Tunnel.Suite ? _ticket : null;
        if (ticket == null)
        {
            tunnel.Prepare();
        }

        IDeviceTransport? transport = _platform.Connect();
        if (transport == null)
        {
            tunnel.Abandon();
            BackOff(_platform.Now);
            return;
        }

        _ticket = null;
        _tunnel = tunnel;
        _connection = new DeviceConnection(transport, tunnel, this, _settings.MaxMessage);
        _deadline = _platform.Now + _settings.HandshakeSpan;
        tunnel.Begin(ticket);
        Resumptions += ticket == null ? 0 : 1;
    }

    private void ShakeHands(long now)
    {
        DeviceConnection connection = _connection!;
        if (now >= _deadline)
        {
            connection.GiveUp();
            Lost();
        }
        else if (!connection.Connect(Turn, now))
        {
            Lost();
        }
        else if (connection.Endpoint != null)
        {
            _failures = 0;
            _lastHeard = now;
            _isPinging = false;
            _reportDue = true;
            Connections++;
            byte[]? crash = _platform.Load(CrashName);
            _crash = crash == null || crash.Length == 0 ? null : new DeviceEvent("device/crash", Utf8Text.Read(crash, 0, crash.Length) ?? "");
            _tunnel!.TakeTicket()?.Save(_platform);
            _updater?.OnConnected(connection.Endpoint, now);
        }
    }

    private void Serve(long now)
    {
        DeviceConnection connection = _connection!;
        CoapEndpoint endpoint = connection.Endpoint!;
        long before = connection.WireBytesRead;
        bool lives = connection.Maintain(now);
        while (lives && Speak(endpoint, now))
        {
            lives = connection.Flush(now);
            if (lives && _sending != null && _body == null)
            {
                Leave(0);
            }
        }

        // While responses are awaited, the turns are short.
        if (!lives || !connection.Pump(endpoint.RequestsInFlight != 0 ? ShortTurn : Turn, _platform.Now))
        {
            Lost();
            return;
        }

        if (connection.WireBytesRead != before)
        {
            _lastHeard = _platform.Now;
            _isPinging = false;
        }
        else if (now - _lastHeard >= 2L * _settings.KeepAlive)
        {
            Lost();
        }
    }

    /// <summary>Says one thing that is to be said: the report, a chunk's request, an event, the change of a variable, a Ping.</summary>
    /// <returns>Whether the output has something to write.</returns>
    private bool Speak(CoapEndpoint endpoint, long now)
    {
        _reportDue |= _updater != null && _updater.Engine.LastReason != _reported;
        if (_reportDue && endpoint.CanRequest)
        {
            _reportDue = false;
            if (Report(endpoint))
            {
                return true;
            }
        }

        if ((_updater != null && _updater.Step(endpoint, now)) || SendEvent(endpoint, now))
        {
            return true;
        }

        if (now >= _nextObserve)
        {
            if (_resources.Notify(endpoint))
            {
                return true;
            }

            _nextObserve = now + _settings.ObserveInterval;
        }

        if (!_isPinging && now - _lastHeard >= _settings.KeepAlive)
        {
            // The server's silence counts from here where it was the device that had no time to listen.
            _isPinging = true;
            _lastHeard = now - _settings.KeepAlive;
            endpoint.Ping();
            return true;
        }

        return false;
    }

    private void Lost()
    {
        LastFailure = _tunnel!.Failure;
        if (_tunnel.Alert == TunnelAlert.UnknownKey && LastFailure == TunnelFailure.AlertFromPeer)
        {
            // [ST-310]: a hint; the other pins are as trusted as this one.
            _pin = (_pin + 1) % _settings.Tunnel.Pins.Length;
        }

        Drop();
        BackOff(_platform.Now);
    }

    private void Drop()
    {
        DeviceConnection? connection = _connection;
        _connection = null;
        _tunnel = null;
        _sending = null;
        _body = null;
        _block = 0;
        _resources.Forget();
        connection?.Close();
    }

    /// <summary>Full jitter: a random part of a span that doubles with each failure [ST-706].</summary>
    private void BackOff(long now)
    {
        long span = _settings.MinBackoff;
        for (int i = 0; i < _failures && span < _settings.MaxBackoff; i++)
        {
            span *= 2;
        }

        span = span < _settings.MaxBackoff ? span : _settings.MaxBackoff;
        _failures++;
        _random.Fill(_jitter, 0, _jitter.Length);
        _nextAttempt = now + (BigEndian.ReadUInt32(_jitter, 0) % span) + 1;
    }

    /// <summary>
    /// After a fault, ours or the board's, the connection goes, the fault is recorded, and a wait comes that doubles with each fault since the start.
    /// Each by itself: what has failed before, memory for one, may fail here as well.
    /// </summary>
    private void Recover(Exception fault)
    {
        for (int i = 0; i < 4; i++)
        {
#pragma warning disable CA1031 // a fault on the way is not worth another record, and must not end the device's life either
            try
            {
                switch (i)
                {
                    case 0:
                        Drop();
                        break;
                    case 1:
                        Record(fault);
                        break;
                    case 2:
                        _platform.Sleep(Turn);
                        break;
                    default:
                        _failures = _faults++;
                        BackOff(_platform.Now);
                        break;
                }
            }
            catch (Exception)
            {
                continue;
            }
#pragma warning restore CA1031
        }
    }

    /// <summary>Type, message and stack trace, in ASCII. One that stands already is not written again: a fault that repeats itself does not wear the flash out.</summary>
    private void Record(Exception fault)
    {
        string text = fault.GetType().FullName + ": " + fault.Message + "\n" + fault.StackTrace;
        byte[] bytes = new byte[text.Length < MaxCrash ? text.Length : MaxCrash];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(text[i] < 0x80 ? text[i] : '?');
        }

        byte[]? stored = _platform.Load(CrashName);
        if (stored == null || stored.Length != bytes.Length || !ByteRange.FixedTimeEquals(stored, 0, bytes, 0, bytes.Length))
        {
            _platform.Save(CrashName, bytes);
        }
    }

    // Implementation
    private const string CrashName = "crash";
    private const int MaxCrash = 400;
    private const int MaxEvents = 16;
    private const int Turn = 500;
    private const int ShortTurn = 50;
}
