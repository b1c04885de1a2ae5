/* The C candidate: whatever arrives on one topic goes back on another, on libmosquitto, without Nagle's delay.
 * Usage: echo PORT CLIENT FROM TO. Writes "ready" once subscribed. */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>

static const char *from, *to;

static void connected(struct mosquitto *client, void *nothing, int code)
{
	(void)nothing;
	if (code == 0) {
		/* At 2, as the agent does: the publisher's QoS decides. */
		mosquitto_subscribe(client, NULL, from, 2);
	}
}

static void subscribed(struct mosquitto *client, void *nothing, int id, int count, const int *granted)
{
	(void)client, (void)nothing, (void)id, (void)count, (void)granted;
	puts("ready");
	fflush(stdout);
}

static void arrived(struct mosquitto *client, void *nothing, const struct mosquitto_message *message)
{
	(void)nothing;
	mosquitto_publish(client, NULL, to, message->payloadlen, message->payload, 1, false);
}

int main(int count, char **arguments)
{
	struct mosquitto *client;
	int code;

	if (count != 5) {
		fputs("usage: echo PORT CLIENT FROM TO\n", stderr);
		return 2;
	}
	from = arguments[3];
	to = arguments[4];
	mosquitto_lib_init();
	client = mosquitto_new(arguments[2], true, NULL);
	if (client == NULL) {
		perror("mosquitto_new");
		return 1;
	}
	mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_callback_set(client, connected);
	mosquitto_subscribe_callback_set(client, subscribed);
	mosquitto_message_callback_set(client, arrived);
	code = mosquitto_connect(client, "127.0.0.1", atoi(arguments[1]), 60);
	if (code == MOSQ_ERR_SUCCESS) {
		code = mosquitto_loop_forever(client, -1, 1);
	}
	fprintf(stderr, "%s\n", mosquitto_strerror(code));
	return 1;
}
