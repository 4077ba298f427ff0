"""What Faust and aiokafka need to speak to a broker with TLS or a password."""

import ssl

from faust.auth import SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT

from schemas.errors import SettingsError
from schemas.settings import KafkaOptions

__all__ = ["credentials_of"]


def credentials_of(options: KafkaOptions) -> CredentialsT | None:
    """Credentials for these options; None: neither TLS nor a password. Raises SettingsError for a file that cannot be used."""
    context = _tls(options) if options.encrypted else None
    if options.with_password:
        return SASLCredentials(
            username=options.sasl_username,
            password=options.sasl_password,
            ssl_context=context,
            mechanism=options.sasl_mechanism,
        )
    return None if context is None else SSLCredentials(context=context)


def _tls(options: KafkaOptions) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.ssl_cafile)
        context.check_hostname = options.ssl_check_hostname
        if options.ssl_certfile is not None:
            context.load_cert_chain(options.ssl_certfile, options.ssl_keyfile)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(
            str(file) for file in (options.ssl_cafile, options.ssl_certfile, options.ssl_keyfile) if file
        )
        raise SettingsError(
            f"cannot use the certificates of MILEPOST_KAFKA_SSL_… ({files}): {error}"
        ) from error
    return context
