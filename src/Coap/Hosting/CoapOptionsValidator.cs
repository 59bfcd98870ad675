using System;
using Microsoft.Extensions.Options;

namespace Flint.Coap;

/// <summary>Lets options judge themselves where a container makes them.</summary>
/// <param name="validate">Throws an <see cref="ArgumentException"/> that says what is wrong.</param>
internal sealed class CoapOptionsValidator<T>(Action<T> validate) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        try
        {
            validate(options);
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            return ValidateOptionsResult.Fail(e.Message);
        }
    }
}
