namespace Flint.Ota;

/// <summary>The one transition table of the engine: one row per arrow of the figure in docs/spec/ota.md section 6.</summary>
public static class OtaTransitions
{
    /// <summary>The state that follows; <c>false</c>, and <paramref name="next"/> the same state, where the figure has no such arrow.</summary>
    public static bool TryNext(OtaState state, OtaInput input, out OtaState next)
    {
        next = Next(state, input);
        bool found = next != OtaState.Off;
        if (!found)
        {
            next = state;
        }

        return found;
    }

    // Nothing leads back to Off, so Off stands for "no arrow".
    private static OtaState Next(OtaState state, OtaInput input)
    {
        switch (state)
        {
            case OtaState.Off:
                switch (input)
                {
                    case OtaInput.Started: return OtaState.Idle;
                    case OtaInput.StartedResuming: return OtaState.Downloading;
                    case OtaInput.StartedTrial: return OtaState.Trial;
                    case OtaInput.Armed: return OtaState.Armed;
                    case OtaInput.Rejected: return OtaState.Rejected;
                    default: return OtaState.Off;
                }

            case OtaState.Idle:
                switch (input)
                {
                    case OtaInput.ManifestAccepted: return OtaState.Downloading;
                    default: return OtaState.Off;
                }

            case OtaState.Downloading:
                switch (input)
                {
                    case OtaInput.ManifestAccepted: return OtaState.Downloading;
                    case OtaInput.DownloadComplete: return OtaState.Verified;
                    case OtaInput.DownloadEnded: return OtaState.Idle;
                    case OtaInput.Pause: return OtaState.Paused;
                    default: return OtaState.Off;
                }

            case OtaState.Paused:
                switch (input)
                {
                    case OtaInput.ManifestAccepted: return OtaState.Downloading;
                    case OtaInput.DownloadEnded: return OtaState.Idle;
                    case OtaInput.Resume: return OtaState.Downloading;
                    default: return OtaState.Off;
                }

            case OtaState.Verified:
                switch (input)
                {
                    case OtaInput.ManifestAccepted: return OtaState.Downloading;
                    case OtaInput.DownloadEnded: return OtaState.Idle;
                    case OtaInput.Armed: return OtaState.Armed;
                    default: return OtaState.Off;
                }

            case OtaState.Trial:
                switch (input)
                {
                    case OtaInput.Confirmed: return OtaState.Idle;
                    case OtaInput.Rejected: return OtaState.Rejected;
                    default: return OtaState.Off;
                }

            default:
                return OtaState.Off;
        }
    }
}
