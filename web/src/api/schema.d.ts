// Made by `make api` from the server's OpenAPI document 1b94a22393133c8cf58a7946b2bcee9c346d6503d2874521e3271d8611e8ea9a; do not edit.
export interface paths {
    "/api/agent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * State
         * @description My state, what rings at me, whom I serve.
         */
        get: operations["state_api_agent_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/availability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Availability
         * @description Choose whether I take contacts. While I serve one it is carried out after it (`next_availability`).
         */
        put: operations["availability_api_agent_availability_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/acw/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Extend
         * @description More time for after-call work.
         */
        post: operations["extend_api_agent_contacts__contact_id__acw_extend_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/consult": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Consult
         * @description Ask somebody while the customer is on hold.
         */
        post: operations["consult_api_agent_contacts__contact_id__consult_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/consult/{step}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Consult Step
         * @description Change between both, give it up, put all together, or leave them to each other (also while it still rings).
         */
        post: operations["consult_step_api_agent_contacts__contact_id__consult__step__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/hangup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hang Up
         * @description End my part of the contact.
         */
        post: operations["hang_up_api_agent_contacts__contact_id__hangup_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/help": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask Help
         * @description A supervisor is to come: each of them sees who asks and where.
         */
        post: operations["ask_help_api_agent_contacts__contact_id__help_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hold
         * @description Hold the customer (with music), or one party; or take them back.
         */
        post: operations["hold_api_agent_contacts__contact_id__hold_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/keypad": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keypad
         * @description Tones to one party, for machines that answer.
         */
        post: operations["keypad_api_agent_contacts__contact_id__keypad_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mute
         * @description My microphone.
         */
        post: operations["mute_api_agent_contacts__contact_id__mute_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/park": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Park
         * @description Let the customer wait with music for whoever takes them back by the code.
         */
        post: operations["park_api_agent_contacts__contact_id__park_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/parties/{party_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Drop
         * @description Remove somebody from the call; the customer only by ending it.
         */
        delete: operations["drop_api_agent_contacts__contact_id__parties__party_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/record": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record
         * @description Pause the recording or go on with it; never without the customer's consent.
         */
        post: operations["record_api_agent_contacts__contact_id__record_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/rejoin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rejoin
         * @description My page was reloaded, or I go on in another tab or on another machine: this browser takes my place.
         */
        post: operations["rejoin_api_agent_contacts__contact_id__rejoin_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/transfer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transfer
         * @description Give the customer to somebody unasked; they come back to me when it fails.
         */
        post: operations["transfer_api_agent_contacts__contact_id__transfer_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/contacts/{contact_id}/wrapup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Wrap Up
         * @description After-call work is done: I am free again.
         */
        post: operations["wrap_up_api_agent_contacts__contact_id__wrapup_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/device": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Device
         * @description Be reached in the browser, on the softphone or at an address from now on.
         */
        put: operations["device_api_agent_device_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/offers/{offer_id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept
         * @description Take what is offered.
         */
        post: operations["accept_api_agent_offers__offer_id__accept_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/offers/{offer_id}/decline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decline
         * @description Let somebody else take it.
         */
        post: operations["decline_api_agent_offers__offer_id__decline_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/parked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Parked
         * @description Customers who wait to be taken back.
         */
        get: operations["parked_api_agent_parked_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/parked/{code}/take": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take Parked
         * @description Take a parked customer.
         */
        post: operations["take_parked_api_agent_parked__code__take_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listed
         * @description Runs in this status, oldest first.
         */
        get: operations["listed_api_approvals_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/approvals/{run_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve
         * @description The run goes on, once, within a second or two; also when the app is restarted before that.
         */
        post: operations["approve_api_approvals__run_id__approve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/approvals/{run_id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject
         * @description The run ends where it stands; steps of before that change something are for people to see to.
         */
        post: operations["reject_api_approvals__run_id__reject_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/assist/{card_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Act
         * @description What I did with a card.
         */
        post: operations["act_api_assist__card_id__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/assist/{contact_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Cards
         * @description At most three; none is an answer as well.
         */
        get: operations["cards_api_assist__contact_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/assist/rates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rates
         * @description How often agents take what they are offered, by kind of card.
         */
        get: operations["rates_api_assist_rates_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/callbacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Callbacks
         * @description Those that are open, by their place.
         */
        get: operations["callbacks_api_callbacks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/callbacks/{callback_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel
         * @description Take it back, also while it rings; the conversation's record names who did.
         */
        delete: operations["cancel_api_callbacks__callback_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Chat
         * @description Write instead of calling; anybody may. What is said follows as messages of the conversation.
         */
        post: operations["chat_api_chat_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Conversations
         * @description The newest first; `query` finds what was said.
         */
        get: operations["conversations_api_conversations_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Conversation
         * @description One conversation: its first `limit` events, or those `after` one, with the utterances that they tell of.
         */
        get: operations["conversation_api_conversations__conversation_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send
         * @description Send an image; it shows as a `message` with `attachment`, in the same conversation as a call beside it.
         */
        post: operations["send_api_conversations__conversation_id__attachments_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/attachments/{attachment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * See
         * @description One of them.
         */
        get: operations["see_api_conversations__conversation_id__attachments__attachment_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/consents/{purpose}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraw
         * @description Take consent back, during the call or after it: the analysis ends at once and what it found is deleted.
         */
        delete: operations["withdraw_api_conversations__conversation_id__consents__purpose__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/customer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Of Conversation
         * @description Whom we talk with, and how surely we know it.
         */
        get: operations["of_conversation_api_conversations__conversation_id__customer_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/dtmf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Key
         * @description Press a key on the caller's page.
         */
        post: operations["key_api_conversations__conversation_id__dtmf_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/hangup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hang Up
         * @description End the caller's call.
         */
        post: operations["hang_up_api_conversations__conversation_id__hangup_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Message
         * @description Write in a conversation. A customer's words begin another contact where all is over; an agent's would not be read: 409.
         */
        post: operations["message_api_conversations__conversation_id__messages_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/pace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Pace
         * @description The assistant speaks slower from its next words on, or as usual again; without a call nothing changes.
         */
        put: operations["pace_api_conversations__conversation_id__pace_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/recording": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Recording
         * @description Stereo WAV: the caller left, what the caller heard right. Ranges are served.
         */
        get: operations["recording_api_conversations__conversation_id__recording_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Timeline
         * @description Calls, messages and images of all channels in order; callers see their own talk.
         *
         *     The newest part, made of up to `limit` events; the part before it: `before` = the lowest `seq` in it.
         */
        get: operations["timeline_api_conversations__conversation_id__timeline_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/visuals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give
         * @description Give what was asked for: the request's body is the file (JPEG, PNG, WebP; WebM or MP4 for a video or screen).
         */
        post: operations["give_api_conversations__conversation_id__visuals_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{conversation_id}/visuals/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * See
         * @description One of them.
         */
        get: operations["see_api_conversations__conversation_id__visuals__ref__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customers/{customer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Customer
         * @description A customer, by number.
         */
        get: operations["customer_api_customers__customer_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/departments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Departments
         * @description Departments with their categories, titles by locale.
         */
        get: operations["departments_api_departments_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/directory": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Directory
         * @description Whom one may transfer to.
         */
        get: operations["directory_api_directory_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listed
         * @description All experiments that callers met.
         */
        get: operations["listed_api_experiments_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/experiments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shown
         * @description One experiment.
         */
        get: operations["shown_api_experiments__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/experiments/{name}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Promote
         * @description Everybody gets this variant, within a few seconds, without a change to the file.
         */
        post: operations["promote_api_experiments__name__promote_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/experiments/sample-size": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Needed
         * @description Callers per variant, for a test of a fixed size with 5 % error and 80 % power.
         */
        get: operations["needed_api_experiments_sample_size_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/filters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listed
         * @description The packs that bot and agents are held to.
         */
        get: operations["listed_api_filters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/filters/reload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reload
         * @description Read all packs again (changed files are taken up by themselves within two seconds).
         */
        post: operations["reload_api_filters_reload_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Flows
         * @description Everything that answers calls here, or can be called from there.
         */
        get: operations["list_flows_api_flows_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Audit
         * @description Who did what, newest first.
         */
        get: operations["audit_api_flows__flow_id__audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Difference
         * @description What differs in meaning; layout and notes do not count.
         */
        get: operations["difference_api_flows__flow_id__diff_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Plans
         * @description What is to be published, the next first.
         */
        get: operations["plans_api_flows__flow_id__plans_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/plans/{plan_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel
         * @description Do not publish it after all.
         */
        delete: operations["cancel_api_flows__flow_id__plans__plan_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish
         * @description Now, or at a time. 409: changed by somebody else meanwhile; 422: it may not be published, and why.
         */
        post: operations["publish_api_flows__flow_id__publish_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll Back
         * @description Make an earlier version live again.
         */
        post: operations["roll_back_api_flows__flow_id__rollback_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Versions
         * @description Newest first.
         */
        get: operations["list_versions_api_flows__flow_id__versions_get"];
        put?: never;
        /**
         * Hand In
         * @description A draft; nothing is live by that.
         */
        post: operations["hand_in_api_flows__flow_id__versions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Version
         * @description With its text.
         */
        get: operations["show_version_api_flows__flow_id__versions__number__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flows/{flow_id}/versions/{number}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check
         * @description What publishing it would say: its rules and every scenario of its test.
         */
        post: operations["check_api_flows__flow_id__versions__number__check_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health
         * @description `status` for anybody; every plane for admins and supervisors.
         */
        get: operations["health_api_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hours": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listed
         * @description Every calendar that flows or queues ask, and what is switched.
         */
        get: operations["listed_api_hours_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hours/{pack}/{calendar}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Switch
         * @description The next caller meets it; so does one who is in a call and comes to an `hours` block, or into the queue.
         */
        put: operations["switch_api_hours__pack___calendar__put"];
        post?: never;
        /**
         * Take Back
         * @description The calendar decides again.
         */
        delete: operations["take_back_api_hours__pack___calendar__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ice
         * @description STUN and TURN servers; TURN passwords end by themselves after a few hours.
         */
        get: operations["ice_api_ice_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/knowledge/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search
         * @description Best first, by wording and meaning; an empty list where nothing fits.
         */
        get: operations["search_api_knowledge_search_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Login
         * @description Log in: sets the cookie, and returns the token for programs.
         */
        post: operations["login_api_login_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Logout
         * @description Forget the cookie.
         */
        post: operations["logout_api_logout_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Me
         * @description Who I am.
         */
        get: operations["me_api_me_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/offer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Offer
         * @description A browser calls; anybody may.
         */
        post: operations["offer_api_offer_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listed
         * @description All queues, by id.
         */
        get: operations["listed_api_queues_get"];
        put?: never;
        /**
         * Add
         * @description Make one.
         */
        post: operations["add_api_queues_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/queues/{queue}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One
         * @description One queue.
         */
        get: operations["one_api_queues__queue__get"];
        /**
         * Change
         * @description Set one anew.
         */
        put: operations["change_api_queues__queue__put"];
        post?: never;
        /**
         * Remove
         * @description Remove one that no flow, no other queue and no agent names, in which nobody waits and from which nobody is to be called.
         */
        delete: operations["remove_api_queues__queue__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/agents/{user_id}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * State
         * @description Put an agent into a state.
         */
        post: operations["state_api_supervise_agents__user_id__state_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Board
         * @description Agents, queues and contacts as they are now.
         */
        get: operations["board_api_supervise_board_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/broadcast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Broadcast
         * @description Show a text to agents.
         */
        post: operations["broadcast_api_supervise_broadcast_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/contacts/{contact_id}/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Join
         * @description Listen in to a call.
         */
        post: operations["join_api_supervise_contacts__contact_id__join_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/contacts/{contact_id}/leave": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Leave
         * @description No longer listen in.
         */
        post: operations["leave_api_supervise_contacts__contact_id__leave_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/contacts/{contact_id}/mode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Mode
         * @description Listen, whisper or talk, from now on.
         */
        put: operations["mode_api_supervise_contacts__contact_id__mode_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/contacts/{contact_id}/priority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Priority
         * @description Of a contact that waits.
         */
        post: operations["priority_api_supervise_contacts__contact_id__priority_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/contacts/{contact_id}/reassign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reassign
         * @description Somebody else is to serve this contact.
         */
        post: operations["reassign_api_supervise_contacts__contact_id__reassign_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervise/contacts/{contact_id}/takeover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take Over
         * @description The agent leaves, and I am the agent.
         */
        post: operations["take_over_api_supervise_contacts__contact_id__takeover_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tickets
         * @description Those that are due first, without their histories.
         */
        get: operations["tickets_api_tickets_get"];
        put?: never;
        /**
         * Create
         * @description Open one.
         */
        post: operations["create_api_tickets_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tickets/{ticket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One
         * @description One with its history.
         */
        get: operations["one_api_tickets__ticket_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change
         * @description Change it; the clock follows status, priority and department.
         */
        patch: operations["change_api_tickets__ticket_id__patch"];
        trace?: never;
    };
    "/api/tickets/{ticket_id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Comment
         * @description Write a remark.
         */
        post: operations["comment_api_tickets__ticket_id__comments_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Users
         * @description Everybody.
         */
        get: operations["list_users_api_users_get"];
        put?: never;
        /**
         * Add User
         * @description Add somebody.
         */
        post: operations["add_user_api_users_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Disable User
         * @description Shut somebody out; what they did stays.
         */
        delete: operations["disable_user_api_users__user_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change User
         * @description Change somebody: what they may do, how they are reached, their password.
         */
        patch: operations["change_user_api_users__user_id__patch"];
        trace?: never;
    };
    "/api/wrapup/{contact_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Form
         * @description The form at the end of a contact, filled in from its record; titles in `language`, else the customer's.
         */
        get: operations["form_api_wrapup__contact_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Against
         * @description Variant less control: the interval holds at every look at once, so it may be read at any time.
         */
        Against: {
            /** Difference */
            difference: number;
            /** High */
            high: number;
            /** Low */
            low: number;
            /** P */
            p: number;
            /** Sure */
            sure: boolean;
        };
        /**
         * AgentView
         * @description What an agent's page shows of the agent. `missed`: offers in a row; `registered`: of a softphone.
         */
        AgentView: {
            /**
             * Availability
             * @enum {string}
             */
            availability: "offline" | "available" | "busy" | "break" | "meal" | "meeting" | "training" | "away";
            capacity: components["schemas"]["Capacity"];
            /** Contacts */
            contacts: components["schemas"]["ContactView"][];
            /**
             * Device
             * @enum {string}
             */
            device: "browser" | "sip" | "uri";
            /** Missed */
            missed: number;
            /** Next Availability */
            next_availability: ("offline" | "available" | "busy" | "break" | "meal" | "meeting" | "training" | "away") | null;
            /** Offers */
            offers: components["schemas"]["OfferView"][];
            /** Queues */
            queues: components["schemas"]["QueueView"][];
            /** Reason */
            reason: string;
            /** Registered */
            registered: boolean | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Status
             * @enum {string}
             */
            status: "idle" | "offered" | "reserved" | "interacting" | "communicating" | "acw" | "not_responding" | "error";
            /** Until */
            until: string | null;
            /** Uri */
            uri: string;
        };
        /**
         * Announcing
         * @description What a caller is told while waiting.
         */
        Announcing: {
            /**
             * Every S
             * @description s between announcements
             * @default 30
             */
            every_s: number;
            /**
             * Position
             * @description the place in the queue
             * @default true
             */
            position: boolean;
            /**
             * Wait
             * @description the expected wait, in minutes
             * @default true
             */
            wait: boolean;
        };
        /**
         * Answer
         * @description What the browser sets as remote description, and how it comes back to its conversation.
         */
        Answer: {
            /**
             * Contact Id
             * @description of this call: its `contact.ended` is the call's end
             */
            contact_id: string;
            /** Conversation Id */
            conversation_id: string;
            /** Leg Id */
            leg_id: string;
            /** Sdp */
            sdp: string;
            /** Token */
            token: string;
            /**
             * Type
             * @default answer
             * @constant
             */
            type: "answer";
        };
        /**
         * ApprovalOut
         * @description A run, and what it wants to do with what.
         */
        ApprovalOut: {
            /**
             * Begun At
             * Format: date-time
             */
            begun_at: string;
            /** Conversation Id */
            conversation_id: string;
            /** Decided By */
            decided_by: string;
            /** Id */
            id: string;
            /** Inputs */
            inputs: {
                [key: string]: unknown;
            };
            /** Note */
            note: string;
            /** Sha */
            sha: string;
            /**
             * Status
             * @enum {string}
             */
            status: "running" | "undoing" | "waiting" | "approved" | "rejected" | "done" | "failed";
            /** Values */
            values: {
                [key: string]: unknown;
            };
            /** Why */
            why: string;
            /** Workflow */
            workflow: string;
        };
        /**
         * Article
         * @description An article in one language. `auth_level`: how surely a customer must be known before they are told.
         */
        Article: {
            /** Article Id */
            article_id: string;
            /** Auth Level */
            auth_level: number;
            /** Score */
            score: number;
            /**
             * Source
             * @description the folder of flows it belongs to
             */
            source: string;
            /** Text */
            text: string;
            /** Title */
            title: string;
            /** Version */
            version: number;
        };
        /**
         * AttachmentOut
         * @description An image as it is kept: decoded and written anew, without what the camera added. Pixels and bytes.
         */
        AttachmentOut: {
            /** Attachment Id */
            attachment_id: string;
            /** Height */
            height: number;
            /** Mime */
            mime: string;
            /** Size */
            size: number;
            /** Width */
            width: number;
        };
        /**
         * AuditOut
         * @description Who did what.
         */
        AuditOut: {
            /** Action */
            action: string;
            /** After Sha */
            after_sha: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Before Sha */
            before_sha: string;
            /** By */
            by: string;
            /** Flow */
            flow: string;
            /** Number */
            number: number | null;
            /** Why */
            why: string;
        };
        /**
         * AvailabilityIn
         * @description What the agent chose, and why in words of their own.
         */
        AvailabilityIn: {
            /**
             * Availability
             * @enum {string}
             */
            availability: "offline" | "available" | "busy" | "break" | "meal" | "meeting" | "training" | "away";
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * Begin
         * @description Somebody begins to write.
         */
        Begin: {
            /** Customer */
            customer?: string | null;
            /** Locale */
            locale?: string | null;
        };
        /**
         * Begun
         * @description The conversation, and the token by which its caller writes and reads in it.
         */
        Begun: {
            /** Conversation Id */
            conversation_id: string;
            /** Token */
            token: string;
        };
        /**
         * Board
         * @description What a supervisor watches.
         */
        Board: {
            /** Agents */
            agents: components["schemas"]["BoardAgent"][];
            /** Contacts */
            contacts: components["schemas"]["BoardContact"][];
            /** Queues */
            queues: components["schemas"]["BoardQueue"][];
        };
        /**
         * BoardAgent
         * @description One line of the agents' grid.
         */
        BoardAgent: {
            /**
             * Availability
             * @enum {string}
             */
            availability: "offline" | "available" | "busy" | "break" | "meal" | "meeting" | "training" | "away";
            /** Contacts */
            contacts: components["schemas"]["BoardAgentContact"][];
            /** Name */
            name: string;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** Skills */
            skills: string[];
            /**
             * Status
             * @enum {string}
             */
            status: "idle" | "offered" | "reserved" | "interacting" | "communicating" | "acw" | "not_responding" | "error";
            /** Until */
            until: string | null;
            /** User Id */
            user_id: string;
        };
        /**
         * BoardAgentContact
         * @description Whom an agent serves, and how that customer feels.
         */
        BoardAgentContact: {
            /** Contact Id */
            contact_id: string;
            /** Customer Name */
            customer_name: string;
            /** Emotion */
            emotion: string | null;
            /** Frustration */
            frustration: number | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * BoardContact
         * @description One live contact. `waited_ms`: in the queue, 0 elsewhere.
         */
        BoardContact: {
            /** Agent */
            agent: string | null;
            /** Contact Id */
            contact_id: string;
            /** Conversation Id */
            conversation_id: string;
            /** Emotion */
            emotion: string | null;
            /** Queue */
            queue: string;
            /** State */
            state: string;
            /** Waited Ms */
            waited_ms: number;
        };
        /**
         * BoardQueue
         * @description One line of the queues' grid.
         */
        BoardQueue: {
            /** Abandoned */
            abandoned: number;
            /** Agents Available */
            agents_available: number;
            /** Answered */
            answered: number;
            /** Longest Wait Ms */
            longest_wait_ms: number;
            /** Name */
            name: string;
            /** Offered */
            offered: number;
            /** Queue */
            queue: string;
            /** Service Level */
            service_level: number | null;
            /** Waiting */
            waiting: number;
        };
        /** Body_send_api_conversations__conversation_id__attachments_post */
        Body_send_api_conversations__conversation_id__attachments_post: {
            /**
             * File
             * @description a JPEG, PNG or WebP picture
             */
            file: string;
        };
        /**
         * Broadcast
         * @description A text for agents; `user_ids` empty: for all.
         */
        Broadcast: {
            /** Text */
            text: string;
            /** User Ids */
            user_ids?: string[];
        };
        /**
         * CallbackOut
         * @description One that is open. `enqueued_at` is its place in the queue, `not_before` the next try, both UTC epoch ms.
         */
        CallbackOut: {
            /** Attempts */
            attempts: number;
            /** Conversation Id */
            conversation_id: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Enqueued At */
            enqueued_at: number;
            /** Id */
            id: string;
            /** Locale */
            locale: string;
            /** Not Before */
            not_before: number;
            /** Number */
            number: string;
            /** Outcome */
            outcome: string;
            /** Priority */
            priority: number;
            /** Queue */
            queue: string;
            /** Reason */
            reason: string;
            /** Retries */
            retries: number;
            /** Status */
            status: string;
        };
        /**
         * Capacity
         * @description How many contacts of a kind at once.
         */
        Capacity: {
            /** Chat */
            chat: number;
            /** Voice */
            voice: number;
        };
        /**
         * CapacityOf
         * @description Contacts that an agent holds at once; video counts as voice.
         */
        CapacityOf: {
            /**
             * Chat
             * @default 2
             */
            chat: number;
            /**
             * Voice
             * @default 1
             */
            voice: number;
        };
        /**
         * Card
         * @description What an agent is offered, in the customer's language.
         */
        Card: {
            /** Card Id */
            card_id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "knowledge" | "next_step" | "comfort";
            /** Language */
            language: string;
            /** Score */
            score: number;
            /**
             * Shown At
             * Format: date-time
             */
            shown_at: string;
            source: components["schemas"]["CardSource"];
            /** Text */
            text: string;
            /** Title */
            title: string;
        };
        /**
         * CardAction
         * @description What the agent did with it; `text` of an edited one is compared, not kept.
         */
        CardAction: {
            /**
             * Action
             * @enum {string}
             */
            action: "inserted" | "copied" | "dismissed" | "edited";
            /**
             * Text
             * @default
             */
            text: string;
        };
        /**
         * CardSource
         * @description Where a card's words come from: `article`, or `assist` (the file beside the flow).
         */
        CardSource: {
            /** Id */
            id: string;
            /** Kind */
            kind: string;
            /** Title */
            title: string;
            /** Version */
            version: string;
        };
        /**
         * CategoryOut
         * @description What tickets are about.
         */
        CategoryOut: {
            /** Category */
            category: string;
            /**
             * Priority
             * @enum {string}
             */
            priority: "low" | "normal" | "high" | "urgent";
            /** Title */
            title: {
                [key: string]: string;
            };
        };
        /**
         * ChangeOut
         * @description One difference in meaning; `text` is it in words.
         */
        ChangeOut: {
            /** After */
            after: unknown;
            /** Before */
            before: unknown;
            /** Kind */
            kind: string;
            /** Text */
            text: string;
            /** What */
            what: string;
            /** Where */
            where: string;
        };
        /**
         * Code
         * @description By which a parked customer is taken back.
         */
        Code: {
            /** Code */
            code: string;
        };
        /**
         * Comment
         * @description A remark.
         */
        Comment: {
            /** Text */
            text: string;
        };
        /**
         * Consult
         * @description Whom to ask.
         */
        Consult: {
            target: components["schemas"]["TargetIn"];
        };
        /**
         * ContactView
         * @description A contact that an agent is in, or does after-call work for. `emotion` and `frustration` only with consent.
         *
         *     `asker` and `asked`: the parties of a consultation or of a transfer that still rings; None when nobody is asked.
         */
        ContactView: {
            /** Acw Until */
            acw_until: string | null;
            /** Asked */
            asked: string | null;
            /** Asker */
            asker: string | null;
            /**
             * Channel
             * @enum {string}
             */
            channel: "voice" | "video" | "chat";
            /** Contact Id */
            contact_id: string;
            /** Conversation Id */
            conversation_id: string;
            /** Customer Id */
            customer_id: string | null;
            /** Customer Name */
            customer_name: string;
            /** Emotion */
            emotion: string | null;
            /** Frustration */
            frustration: number | null;
            /** Muted */
            muted: boolean;
            /** Parked */
            parked: string | null;
            /** Parties */
            parties: components["schemas"]["Party"][];
            /** Queue */
            queue: string;
            /**
             * Recording
             * @enum {string}
             */
            recording: "on" | "paused" | "off";
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * State
             * @enum {string}
             */
            state: "connected" | "held" | "away" | "acw";
        };
        /**
         * ConversationCustomer
         * @description The same beside a conversation. Of an unverified customer only what this conversation said.
         */
        ConversationCustomer: {
            /**
             * Affect
             * @description only with the customer's consent
             */
            affect: components["schemas"]["FactOut"][];
            /** Attributes */
            attributes: components["schemas"]["FactOut"][];
            /** Behaviour */
            behaviour: components["schemas"]["FactOut"][];
            /** Conversations */
            conversations: components["schemas"]["PastOut"][];
            /** Customer Id */
            customer_id: string | null;
            /** Flags */
            flags: string[];
            handed_over: components["schemas"]["HandedOver"] | null;
            /** Identity How */
            identity_how: string;
            /** Locale */
            locale: string;
            /** Name */
            name: string;
            /** Phones */
            phones: string[];
            /** Tier */
            tier: string;
            /** Verified Level */
            verified_level: number;
        };
        /**
         * ConversationOut
         * @description One line of the list.
         */
        ConversationOut: {
            /** Auth Level */
            auth_level: number;
            /** Closed At */
            closed_at: string | null;
            /** Conversation Id */
            conversation_id: string;
            /** Customer Id */
            customer_id: string | null;
            /** Language */
            language: string;
            /**
             * Opened At
             * Format: date-time
             */
            opened_at: string;
            /** Status */
            status: string;
            /** Subject */
            subject: string;
        };
        /**
         * CustomerOut
         * @description Three layers of facts, and what went before.
         */
        CustomerOut: {
            /**
             * Affect
             * @description only with the customer's consent
             */
            affect: components["schemas"]["FactOut"][];
            /** Attributes */
            attributes: components["schemas"]["FactOut"][];
            /** Behaviour */
            behaviour: components["schemas"]["FactOut"][];
            /** Conversations */
            conversations: components["schemas"]["PastOut"][];
            /** Customer Id */
            customer_id: string | null;
            /** Flags */
            flags: string[];
            /** Locale */
            locale: string;
            /** Name */
            name: string;
            /** Phones */
            phones: string[];
            /** Tier */
            tier: string;
        };
        /**
         * Decision
         * @description Why, for the audit.
         */
        Decision: {
            /**
             * Note
             * @default
             */
            note: string;
        };
        /**
         * DepartmentOut
         * @description Who sees to them, by which calendar.
         */
        DepartmentOut: {
            /** Categories */
            categories: components["schemas"]["CategoryOut"][];
            /** Department */
            department: string;
            /** Hours */
            hours: string;
            /** Title */
            title: {
                [key: string]: string;
            };
        };
        /**
         * DeviceIn
         * @description How the agent is reached. `uri` only for device `uri`.
         */
        DeviceIn: {
            /**
             * Device
             * @enum {string}
             */
            device: "browser" | "sip" | "uri";
            /**
             * Uri
             * @default
             */
            uri: string;
        };
        /**
         * DirectoryEntry
         * @description Somebody or something that a contact may be transferred to.
         */
        DirectoryEntry: {
            /** Detail */
            detail: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "agent" | "queue" | "flow" | "number";
            /** Name */
            name: string;
            /** State */
            state: ("free" | "busy" | "away" | "offline") | null;
            /** To */
            to: string;
        };
        /**
         * DispositionOut
         * @description A way in which a contact ends.
         */
        DispositionOut: {
            /** Code */
            code: string;
            /** Title */
            title: string;
        };
        /**
         * ExperimentOut
         * @description One experiment.
         */
        ExperimentOut: {
            /** Control */
            control: string;
            /** Id */
            id: string;
            /** Promoted */
            promoted: string;
            /** Variants */
            variants: components["schemas"]["VariantOut"][];
        };
        /**
         * Extend
         * @description More time.
         */
        Extend: {
            /** Seconds */
            seconds: number;
        };
        /**
         * FactOut
         * @description One thing known; `expires_at` null: as long as its source says so.
         */
        FactOut: {
            /** Confidence */
            confidence: number;
            /** Expires At */
            expires_at: string | null;
            /** Key */
            key: string;
            /**
             * Observed At
             * Format: date-time
             */
            observed_at: string;
            /** Purpose */
            purpose: string;
            /** Source */
            source: string;
            /** Value */
            value: unknown;
        };
        /**
         * Given
         * @description The picture's name in this conversation.
         */
        Given: {
            /** Ref */
            ref: string;
        };
        /**
         * HandedIn
         * @description The new version, and what its check says so far (tests are played when it is published).
         */
        HandedIn: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Base */
            base: number;
            /** By */
            by: string;
            /** Flow */
            flow: string;
            /** Live */
            live: boolean;
            /** Note */
            note: string;
            /** Number */
            number: number;
            /** Problems */
            problems: components["schemas"]["ProblemOut"][];
            /** Sha */
            sha: string;
        };
        /**
         * HandedOver
         * @description What came with the customer.
         */
        HandedOver: {
            /** Facts */
            facts: {
                [key: string]: string;
            };
            /** Reason */
            reason: string;
            /** Summary */
            summary: string;
        };
        /**
         * HistoryOut
         * @description What there is to read of a conversation, in time order: all of it, but events and utterances page by page.
         *
         *     `next`: the `after` of the next page; null after the last.
         */
        HistoryOut: {
            /** Contacts */
            contacts: {
                [key: string]: unknown;
            }[];
            /** Conversation */
            conversation: {
                [key: string]: unknown;
            };
            /** Events */
            events: {
                [key: string]: unknown;
            }[];
            /** Legs */
            legs: {
                [key: string]: unknown;
            }[];
            /** Next */
            next: number | null;
            /** Participants */
            participants: {
                [key: string]: unknown;
            }[];
            /** Recordings */
            recordings: {
                [key: string]: unknown;
            }[];
            /** Utterances */
            utterances: {
                [key: string]: unknown;
            }[];
        };
        /**
         * Hold
         * @description The customer, or one party alone.
         */
        Hold: {
            /** On */
            on: boolean;
            /** Party Id */
            party_id?: string | null;
        };
        /**
         * HoursOut
         * @description A calendar that flows or queues ask. `now`: what they are told; `by_calendar`: what it would be without the switch.
         */
        HoursOut: {
            /** At */
            at?: string | null;
            /**
             * By
             * @default
             */
            by: string;
            /** By Calendar */
            by_calendar: string;
            /** Calendar */
            calendar: string;
            /** Flows */
            flows: string[];
            /** Now */
            now: string;
            /** Pack */
            pack: string;
            /** Queues */
            queues: string[];
            /**
             * Switched
             * @default
             */
            switched: string;
            /**
             * Why
             * @default
             */
            why: string;
        };
        /**
         * IceServer
         * @description As the browser's RTCPeerConnection takes it.
         */
        IceServer: {
            /** Credential */
            credential?: string | null;
            /** Urls */
            urls: string;
            /** Username */
            username?: string | null;
        };
        /**
         * IceServers
         * @description STUN and TURN servers of this installation.
         */
        IceServers: {
            /** Ice Servers */
            ice_servers: components["schemas"]["IceServer"][];
        };
        /**
         * Join
         * @description Listen in; without `sdp` my own phone is rung.
         */
        Join: {
            /**
             * Mode
             * @enum {string}
             */
            mode: "monitor" | "whisper" | "barge";
            /** Sdp */
            sdp?: string | null;
            /**
             * Type
             * @default offer
             * @constant
             */
            type: "offer";
        };
        /**
         * Key
         * @description One key of the keypad.
         */
        Key: {
            /** Digit */
            digit: string;
        };
        /**
         * Keys
         * @description Tones for one party.
         */
        Keys: {
            /** Digits */
            digits: string;
            /** Party Id */
            party_id: string;
        };
        /**
         * LiveOut
         * @description What answers new calls. `number` 0: the file on disk, nothing was ever published.
         */
        LiveOut: {
            /** At */
            at: string | null;
            /** By */
            by: string;
            /** Flow */
            flow: string;
            /** Number */
            number: number;
            /** Revision */
            revision: number;
            /** Sha */
            sha: string;
        };
        /**
         * Login
         * @description Name and password.
         */
        Login: {
            /** Name */
            name: string;
            /** Password */
            password: string;
        };
        /**
         * LoginOut
         * @description A user and, for programs, the bearer token that the cookie holds too.
         */
        LoginOut: {
            capacity: components["schemas"]["CapacityOf"];
            /** Device */
            device: string | null;
            /** Disabled */
            disabled: boolean;
            /** Display Name */
            display_name: string;
            /** Id */
            id: string;
            /** Locale */
            locale: string;
            /** Name */
            name: string;
            /** Queues */
            queues: string[];
            /** Roles */
            roles: string[];
            /** Skills */
            skills: components["schemas"]["SkillLevel"][];
            /** Token */
            token: string;
            /** Uri */
            uri: string;
        };
        /**
         * ModeIn
         * @description `monitor`: nobody hears me; `whisper`: the agent does; `barge`: all do.
         */
        ModeIn: {
            /**
             * Mode
             * @enum {string}
             */
            mode: "monitor" | "whisper" | "barge";
        };
        /**
         * NewQueue
         * @description A queue that there is not yet; what is left out has the default.
         */
        NewQueue: {
            /**
             * Acw S
             * @description s of after-call work; wrap-up may end it earlier
             * @default 60
             */
            acw_s: number;
            /**
             * Aging
             * @description points that a minute of waiting adds
             * @default 2
             */
            aging: number;
            /**
             * @default {
             *       "every_s": 30,
             *       "position": true,
             *       "wait": true
             *     }
             */
            announce: components["schemas"]["Announcing"];
            /**
             * Hours
             * @description calendar in `calendars.yaml` beside the flows, `pack/name` for a pack's; none = always open
             */
            hours?: string | null;
            /**
             * Max Size
             * @description contacts that wait at most; more overflow
             */
            max_size?: number | null;
            /**
             * Max Wait S
             * @description s until a contact overflows
             */
            max_wait_s?: number | null;
            /**
             * Misses To Pause
             * @description misses in a row that pause an agent; 0 = never
             * @default 3
             */
            misses_to_pause: number;
            /**
             * Music
             * @description audio file, relative to the installation
             */
            music?: string | null;
            /**
             * Name
             * @description as agents and supervisors see it; empty = the id
             * @default
             */
            name: string;
            /**
             * @default {
             *       "name": "",
             *       "to": "exit"
             *     }
             */
            overflow: components["schemas"]["OverflowTo"];
            /**
             * Preferred S
             * @description s kept for the preferred or last agent
             * @default 30
             */
            preferred_s: number;
            /**
             * Priority
             * @description points added to every contact of this queue
             * @default 0
             */
            priority: number;
            /** Queue */
            queue: string;
            /**
             * Ring S
             * @description s an offer rings before it counts as missed
             * @default 20
             */
            ring_s: number;
            /**
             * Skills
             * @description what every agent of it must have
             * @default []
             */
            skills: components["schemas"]["SkillNeed"][];
            /**
             * @default {
             *       "seconds": 20,
             *       "share": 0.8
             *     }
             */
            sl_target: components["schemas"]["Target"];
            /**
             * Strategy
             * @default longest_idle
             * @enum {string}
             */
            strategy: "longest_idle" | "least_occupied" | "round_robin" | "ring_all" | "top_down" | "preferred";
            /**
             * Upset S
             * @description s that a wholly frustrated caller is put ahead
             * @default 120
             */
            upset_s: number;
        };
        /**
         * NewUser
         * @description Somebody new; `device` makes them an agent.
         */
        NewUser: {
            /**
             * @default {
             *       "chat": 2,
             *       "voice": 1
             *     }
             */
            capacity: components["schemas"]["CapacityOf"];
            /** Device */
            device?: ("sip" | "uri" | "browser") | null;
            /**
             * Display Name
             * @default
             */
            display_name: string;
            /**
             * Name
             * @description login name, and SIP user of a softphone
             */
            name: string;
            /** Password */
            password: string;
            /**
             * Queues
             * @description empty = all whose skills they have
             */
            queues?: string[];
            /** Roles */
            roles?: ("admin" | "supervisor" | "agent" | "designer")[];
            /**
             * Skills
             * @description a name alone has level 3
             */
            skills?: (components["schemas"]["SkillLevel"] | string)[];
            /**
             * Uri
             * @description sip: address of a `uri` agent
             * @default
             */
            uri: string;
        };
        /**
         * NewVersion
         * @description A draft, which takes what lies beside the flow from the disk now. It may hold mistakes; publishing is checked.
         */
        NewVersion: {
            /**
             * Note
             * @default
             */
            note: string;
            /**
             * Tests
             * @description its flowtest/v1 file; empty = the one beside the file on disk
             * @default
             */
            tests: string;
            /**
             * Text
             * @description the flow as YAML or JSON
             */
            text: string;
        };
        /**
         * Offer
         * @description A browser's call. `conversation` continues one, and needs its token in `Authorization`.
         */
        Offer: {
            /** Conversation */
            conversation?: string | null;
            /** Customer */
            customer?: string | null;
            /** Locale */
            locale?: string | null;
            /**
             * Resume
             * @description only take up the call of `conversation` that goes on; 409 when it is over
             * @default false
             */
            resume: boolean;
            /** Sdp */
            sdp: string;
            /**
             * Slow
             * @description the assistant speaks slower, from its first word on
             * @default false
             */
            slow: boolean;
            /**
             * Type
             * @default offer
             * @constant
             */
            type: "offer";
            /**
             * Video
             * @default false
             */
            video: boolean;
        };
        /**
         * OfferView
         * @description A contact that rings at an agent until `until`; `why` explains the desk's choice.
         */
        OfferView: {
            /**
             * Channel
             * @enum {string}
             */
            channel: "voice" | "video" | "chat";
            /** Contact Id */
            contact_id: string;
            /** Conversation Id */
            conversation_id: string;
            /** Customer Name */
            customer_name: string;
            /** Facts */
            facts: {
                [key: string]: string;
            };
            /** Offer Id */
            offer_id: string;
            /** Queue */
            queue: string;
            /** Reason */
            reason: string;
            /** Summary */
            summary: string;
            /**
             * Until
             * Format: date-time
             */
            until: string;
            /** Waited Ms */
            waited_ms: number;
            /** Why */
            why: string;
        };
        /**
         * OverflowTo
         * @description Where those go who waited too long or found the queue full: another queue, or the flow's exit `overflow`.
         */
        OverflowTo: {
            /**
             * Name
             * @description id of the queue, with `to: queue`
             * @default
             */
            name: string;
            /**
             * To
             * @default exit
             * @enum {string}
             */
            to: "queue" | "exit";
        };
        /**
         * Pace
         * @description How fast the assistant speaks.
         */
        Pace: {
            /** Slow */
            slow: boolean;
        };
        /**
         * PackOut
         * @description A pack in use.
         */
        PackOut: {
            /** Id */
            id: string;
            /** Rules */
            rules: number;
            /** Sha */
            sha: string;
        };
        /**
         * Parked
         * @description A customer who waits to be taken back by a code.
         */
        Parked: {
            /** By */
            by: string;
            /** Code */
            code: string;
            /** Contact Id */
            contact_id: string;
            /** Customer Name */
            customer_name: string;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * Party
         * @description Somebody in a contact. `me`: whoever asks; `held` hear music; `away`: their page or line is gone, their place is kept.
         */
        Party: {
            /** Me */
            me: boolean;
            /**
             * Mode
             * @enum {string}
             */
            mode: "active" | "monitor" | "whisper" | "barge";
            /** Name */
            name: string;
            /** Party Id */
            party_id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "customer" | "agent" | "outside" | "supervisor";
            /**
             * State
             * @enum {string}
             */
            state: "ringing" | "connected" | "held" | "away";
            /**
             * Transport
             * @enum {string}
             */
            transport: "sip" | "webrtc" | "chat";
        };
        /**
         * PastOut
         * @description An earlier conversation in which the customer proved who they are.
         */
        PastOut: {
            /** Channels */
            channels: string[];
            /** Conversation Id */
            conversation_id: string;
            /** Disposition */
            disposition: string;
            /**
             * Opened At
             * Format: date-time
             */
            opened_at: string;
            /** Subject */
            subject: string;
            /** Summary */
            summary: string;
        };
        /**
         * PlanOut
         * @description A publication that is to happen.
         */
        PlanOut: {
            /** By */
            by: string;
            /**
             * Due
             * Format: date-time
             */
            due: string;
            /** Flow */
            flow: string;
            /** Id */
            id: number;
            /** Number */
            number: number;
        };
        /**
         * Priority
         * @description 0…100; 50 is usual.
         */
        Priority: {
            /** Priority */
            priority: number;
        };
        /**
         * Problem
         * @description Why not: one sentence that names the field or the state of things, and how it is mended.
         */
        Problem: {
            /** Detail */
            detail: string;
        };
        /**
         * ProblemOut
         * @description One thing wrong with a text: E forbids publishing, W is advice.
         */
        ProblemOut: {
            /** File */
            file: string;
            /** Line */
            line: number;
            /** Mend */
            mend: string;
            /** Message */
            message: string;
            /** Rule */
            rule: string;
            /** Severity */
            severity: string;
        };
        /**
         * Promotion
         * @description Which variant everybody gets.
         */
        Promotion: {
            /** Variant */
            variant: string;
        };
        /**
         * Publish
         * @description Which version; `at` = when (with its zone), or now.
         */
        Publish: {
            /** At */
            at?: string | null;
            /**
             * Base
             * @description revision you have seen live; left out = the one when the version was handed in
             */
            base?: number | null;
            /** Number */
            number: number;
            /**
             * Why
             * @default
             */
            why: string;
        };
        /**
         * PublishedOut
         * @description What is live now, or what is planned; `problems` holds advice.
         */
        PublishedOut: {
            live?: components["schemas"]["LiveOut"] | null;
            plan?: components["schemas"]["PlanOut"] | null;
            /** Problems */
            problems: components["schemas"]["ProblemOut"][];
        };
        /**
         * QueueIn
         * @description A queue; what is left out has the default. The id is the path's.
         */
        QueueIn: {
            /**
             * Acw S
             * @description s of after-call work; wrap-up may end it earlier
             * @default 60
             */
            acw_s: number;
            /**
             * Aging
             * @description points that a minute of waiting adds
             * @default 2
             */
            aging: number;
            /**
             * @default {
             *       "every_s": 30,
             *       "position": true,
             *       "wait": true
             *     }
             */
            announce: components["schemas"]["Announcing"];
            /**
             * Hours
             * @description calendar in `calendars.yaml` beside the flows, `pack/name` for a pack's; none = always open
             */
            hours?: string | null;
            /**
             * Max Size
             * @description contacts that wait at most; more overflow
             */
            max_size?: number | null;
            /**
             * Max Wait S
             * @description s until a contact overflows
             */
            max_wait_s?: number | null;
            /**
             * Misses To Pause
             * @description misses in a row that pause an agent; 0 = never
             * @default 3
             */
            misses_to_pause: number;
            /**
             * Music
             * @description audio file, relative to the installation
             */
            music?: string | null;
            /**
             * Name
             * @description as agents and supervisors see it; empty = the id
             * @default
             */
            name: string;
            /**
             * @default {
             *       "name": "",
             *       "to": "exit"
             *     }
             */
            overflow: components["schemas"]["OverflowTo"];
            /**
             * Preferred S
             * @description s kept for the preferred or last agent
             * @default 30
             */
            preferred_s: number;
            /**
             * Priority
             * @description points added to every contact of this queue
             * @default 0
             */
            priority: number;
            /**
             * Queue
             * @default unnamed
             */
            queue: string;
            /**
             * Ring S
             * @description s an offer rings before it counts as missed
             * @default 20
             */
            ring_s: number;
            /**
             * Skills
             * @description what every agent of it must have
             * @default []
             */
            skills: components["schemas"]["SkillNeed"][];
            /**
             * @default {
             *       "seconds": 20,
             *       "share": 0.8
             *     }
             */
            sl_target: components["schemas"]["Target"];
            /**
             * Strategy
             * @default longest_idle
             * @enum {string}
             */
            strategy: "longest_idle" | "least_occupied" | "round_robin" | "ring_all" | "top_down" | "preferred";
            /**
             * Upset S
             * @description s that a wholly frustrated caller is put ahead
             * @default 120
             */
            upset_s: number;
        };
        /**
         * QueueOut
         * @description A queue.
         */
        QueueOut: {
            /**
             * Acw S
             * @description s of after-call work; wrap-up may end it earlier
             * @default 60
             */
            acw_s: number;
            /**
             * Aging
             * @description points that a minute of waiting adds
             * @default 2
             */
            aging: number;
            announce: components["schemas"]["Announcing"];
            /**
             * Calendars
             * @description what `hours` may name
             */
            calendars: string[];
            /**
             * Hours
             * @description calendar in `calendars.yaml` beside the flows, `pack/name` for a pack's; none = always open
             */
            hours?: string | null;
            /**
             * Max Size
             * @description contacts that wait at most; more overflow
             */
            max_size?: number | null;
            /**
             * Max Wait S
             * @description s until a contact overflows
             */
            max_wait_s?: number | null;
            /**
             * Misses To Pause
             * @description misses in a row that pause an agent; 0 = never
             * @default 3
             */
            misses_to_pause: number;
            /**
             * Music
             * @description audio file, relative to the installation
             */
            music?: string | null;
            /**
             * Name
             * @description as agents and supervisors see it; empty = the id
             * @default
             */
            name: string;
            overflow: components["schemas"]["OverflowTo"];
            /**
             * Preferred S
             * @description s kept for the preferred or last agent
             * @default 30
             */
            preferred_s: number;
            /**
             * Priority
             * @description points added to every contact of this queue
             * @default 0
             */
            priority: number;
            /** Queue */
            queue: string;
            /**
             * Ring S
             * @description s an offer rings before it counts as missed
             * @default 20
             */
            ring_s: number;
            /** Skills */
            skills: components["schemas"]["SkillNeed"][];
            sl_target: components["schemas"]["Target"];
            /**
             * Strategy
             * @enum {string}
             */
            strategy: "longest_idle" | "least_occupied" | "round_robin" | "ring_all" | "top_down" | "preferred";
            /**
             * Upset S
             * @description s that a wholly frustrated caller is put ahead
             * @default 120
             */
            upset_s: number;
        };
        /**
         * QueueView
         * @description A queue as its agents see it. `service_level`: share answered in `sl_target_s`, of the last while; None = none yet.
         */
        QueueView: {
            /** Longest Wait Ms */
            longest_wait_ms: number;
            /** Name */
            name: string;
            /** Queue */
            queue: string;
            /** Service Level */
            service_level: number | null;
            /** Sl Target S */
            sl_target_s: number;
            /** Waiting */
            waiting: number;
        };
        /**
         * Rate
         * @description How cards of a kind fared. `accepted`: the share that was inserted, copied or edited; `edit_distance`: mean, 0…1.
         */
        Rate: {
            /** Accepted */
            accepted: number | null;
            /** Copied */
            copied: number;
            /** Dismissed */
            dismissed: number;
            /** Edit Distance */
            edit_distance: number | null;
            /** Edited */
            edited: number;
            /** Ignored */
            ignored: number;
            /** Inserted */
            inserted: number;
            /** Kind */
            kind: string;
            /** Shown */
            shown: number;
        };
        /**
         * Rates
         * @description Of cards by kind, and of summaries.
         */
        Rates: {
            /** Cards */
            cards: components["schemas"]["Rate"][];
            wrapups: components["schemas"]["WrapUpRates"];
        };
        /**
         * Rejoin
         * @description A browser that comes back.
         */
        Rejoin: {
            /** Sdp */
            sdp: string;
            /**
             * Type
             * @default offer
             * @constant
             */
            type: "offer";
        };
        /**
         * Rejoined
         * @description The agent's browser is in the call (again).
         */
        Rejoined: {
            /** Leg Id */
            leg_id: string;
            /** Sdp */
            sdp: string;
        };
        /**
         * ReloadOut
         * @description A pack that was read again; with problems the old one is still in use.
         */
        ReloadOut: {
            /** After */
            after: string;
            /** Before */
            before: string;
            /** Pack */
            pack: string;
            /** Problems */
            problems: string[];
        };
        /**
         * RollBack
         * @description To which version; left out = the one that was live before.
         */
        RollBack: {
            /** Number */
            number?: number | null;
            /**
             * Why
             * @default
             */
            why: string;
        };
        /**
         * Switch
         * @description On or off.
         */
        server__api__desk__Switch: {
            /** On */
            on: boolean;
        };
        /**
         * Switch
         * @description What holds from now on, whatever the time is.
         */
        server__api__hours__Switch: {
            /**
             * State
             * @enum {string}
             */
            state: "open" | "closed" | "holiday" | "emergency";
            /**
             * Why
             * @default
             */
            why: string;
        };
        /**
         * SkillLevel
         * @description What an agent can do, and how well.
         */
        SkillLevel: {
            /**
             * Level
             * @default 3
             */
            level: number;
            /** Skill */
            skill: string;
        };
        /**
         * SkillNeed
         * @description What an agent must be able to do.
         */
        SkillNeed: {
            /**
             * Min Level
             * @default 1
             */
            min_level: number;
            /** Skill */
            skill: string;
        };
        /**
         * Supervision
         * @description A supervisor joined. Without `sdp` their phone rings; in a chat there is no leg.
         */
        Supervision: {
            /** Leg Id */
            leg_id: string | null;
            /** Party Id */
            party_id: string;
            /** Sdp */
            sdp: string | null;
        };
        /**
         * Taken
         * @description A contact was taken. `sdp` and `leg_id` only in a browser: phones ring, and chats have no leg.
         */
        Taken: {
            /** Contact Id */
            contact_id: string;
            /** Conversation Id */
            conversation_id: string;
            /** Leg Id */
            leg_id: string | null;
            /** Sdp */
            sdp: string | null;
        };
        /**
         * Taking
         * @description A browser gives its offer; phones ring and chats have no leg, so they give none.
         */
        Taking: {
            /** Sdp */
            sdp?: string | null;
            /**
             * Type
             * @default offer
             * @constant
             */
            type: "offer";
        };
        /**
         * Target
         * @description The service level that is aimed at: `share` answered within `seconds`.
         */
        Target: {
            /**
             * Seconds
             * @default 20
             */
            seconds: number;
            /**
             * Share
             * @default 0.8
             */
            share: number;
        };
        /**
         * TargetIn
         * @description Whom to ask or to transfer to.
         */
        TargetIn: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "agent" | "queue" | "flow" | "number" | "sip";
            /**
             * Note
             * @default
             */
            note: string;
            /** To */
            to: string;
        };
        /**
         * Text
         * @description A chat message.
         */
        Text: {
            /** Text */
            text: string;
        };
        /**
         * TicketChange
         * @description What is to be different; what is left out stays. `assignee` null: nobody's.
         */
        TicketChange: {
            /** Assignee */
            assignee?: string | null;
            /** Category */
            category?: string | null;
            /** Customer Id */
            customer_id?: string | null;
            /** Department */
            department?: string | null;
            /**
             * Note
             * @description why, for the history; alone it is a remark
             * @default
             */
            note: string;
            /** Priority */
            priority?: ("low" | "normal" | "high" | "urgent") | null;
            /**
             * Seen
             * @description `updated_at` of what you looked at: 409 where somebody changed the ticket since
             */
            seen?: string | null;
            /** Status */
            status?: ("new" | "open" | "pending" | "hold" | "solved" | "closed") | null;
            /** Title */
            title?: string | null;
        };
        /**
         * TicketEvent
         * @description One line of a ticket's history; `what`: created, comment, breached, or the field that changed.
         */
        TicketEvent: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * By
             * @description user id; `bot` for flows, empty for the clock
             */
            by: string;
            /** New */
            new: string;
            /** Old */
            old: string;
            /** Text */
            text: string;
            /** What */
            what: string;
        };
        /**
         * TicketIn
         * @description A new one. Without a category the words choose it; it names the department, and the priority where none is given.
         */
        TicketIn: {
            /** Assignee */
            assignee?: string | null;
            /**
             * Category
             * @default
             */
            category: string;
            /** Contact Id */
            contact_id?: string | null;
            /** Conversation Id */
            conversation_id?: string | null;
            /** Customer Id */
            customer_id?: string | null;
            /**
             * Department
             * @default
             */
            department: string;
            /**
             * Description
             * @default
             */
            description: string;
            /**
             * Language
             * @default
             */
            language: string;
            /** Priority */
            priority?: ("low" | "normal" | "high" | "urgent") | null;
            /** Title */
            title: string;
        };
        /**
         * TicketOut
         * @description A ticket. `due_at` is null while its clock stands (pending, hold, solved, closed).
         */
        TicketOut: {
            /** Assignee */
            assignee: string | null;
            /** Breached */
            breached: boolean;
            /** Category */
            category: string;
            /** Conversation Id */
            conversation_id: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /** Customer Id */
            customer_id: string | null;
            /** Department */
            department: string;
            /** Description */
            description: string;
            /** Due At */
            due_at: string | null;
            /** Events */
            events: components["schemas"]["TicketEvent"][];
            /** Language */
            language: string;
            /**
             * Left Ms
             * @description business time left when the clock was stopped
             */
            left_ms: number | null;
            /**
             * Priority
             * @enum {string}
             */
            priority: "low" | "normal" | "high" | "urgent";
            /** Solved At */
            solved_at: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "new" | "open" | "pending" | "hold" | "solved" | "closed";
            /**
             * Ticket Id
             * @description a short number, as people say it
             */
            ticket_id: string;
            /** Title */
            title: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * TimelineItem
         * @description One thing that happened in a conversation; `kind` event has its type in `event`.
         */
        TimelineItem: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            attachment: components["schemas"]["AttachmentOut"] | null;
            /** Channel */
            channel: string;
            /** Contact Id */
            contact_id: string | null;
            /** Conversation Id */
            conversation_id: string;
            /** Details */
            details: {
                [key: string]: unknown;
            };
            /** Event */
            event: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "contact" | "utterance" | "message" | "image" | "event";
            /** Role */
            role: string;
            /** Seq */
            seq: number | null;
            /** Text */
            text: string;
        };
        /**
         * Transfer
         * @description Where the customer is to go; `note` is for whoever takes them.
         */
        Transfer: {
            /**
             * Note
             * @default
             */
            note: string;
            target: components["schemas"]["TargetIn"];
        };
        /**
         * UserChange
         * @description What is to be different; what is left out stays. `device` makes somebody an agent.
         */
        UserChange: {
            capacity?: components["schemas"]["CapacityOf"] | null;
            /** Device */
            device?: ("sip" | "uri" | "browser") | null;
            /**
             * Disabled
             * @description true shuts them out at once, false lets them in again
             */
            disabled?: boolean | null;
            /** Display Name */
            display_name?: string | null;
            /**
             * New Sip Secret
             * @description the softphone gets another password, shown in the answer
             * @default false
             */
            new_sip_secret: boolean;
            /**
             * Password
             * @description ends the logins made with the old one
             */
            password?: string | null;
            /** Queues */
            queues?: string[] | null;
            /** Roles */
            roles?: ("admin" | "supervisor" | "agent" | "designer")[] | null;
            /** Skills */
            skills?: (components["schemas"]["SkillLevel"] | string)[] | null;
            /** Uri */
            uri?: string | null;
        };
        /**
         * UserOut
         * @description A user without secrets.
         */
        UserOut: {
            capacity: components["schemas"]["CapacityOf"];
            /** Device */
            device: string | null;
            /** Disabled */
            disabled: boolean;
            /** Display Name */
            display_name: string;
            /** Id */
            id: string;
            /** Locale */
            locale: string;
            /** Name */
            name: string;
            /** Queues */
            queues: string[];
            /** Roles */
            roles: string[];
            /** Skills */
            skills: components["schemas"]["SkillLevel"][];
            /** Uri */
            uri: string;
        };
        /**
         * UserSecretOut
         * @description `sip_secret` is the softphone's new password; it is shown this once.
         */
        UserSecretOut: {
            capacity: components["schemas"]["CapacityOf"];
            /** Device */
            device: string | null;
            /** Disabled */
            disabled: boolean;
            /** Display Name */
            display_name: string;
            /** Id */
            id: string;
            /** Locale */
            locale: string;
            /** Name */
            name: string;
            /** Queues */
            queues: string[];
            /** Roles */
            roles: string[];
            /** Sip Secret */
            sip_secret: string | null;
            /** Skills */
            skills: components["schemas"]["SkillLevel"][];
            /** Uri */
            uri: string;
        };
        /**
         * VariantOut
         * @description One variant.
         */
        VariantOut: {
            against_control: components["schemas"]["Against"] | null;
            /** Exposed */
            exposed: number;
            /** Outcomes */
            outcomes: number;
            /** Stopped */
            stopped: boolean;
            /** Success Rate */
            success_rate: number;
            /** Transfer Rate */
            transfer_rate: number;
            transfers_against_control: components["schemas"]["Against"] | null;
            /** Variant */
            variant: string;
        };
        /**
         * VersionOut
         * @description A version that was handed in. `base`: the revision that was live then.
         */
        VersionOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Base */
            base: number;
            /** By */
            by: string;
            /** Flow */
            flow: string;
            /** Live */
            live: boolean;
            /** Note */
            note: string;
            /** Number */
            number: number;
            /** Sha */
            sha: string;
        };
        /**
         * VersionTextOut
         * @description With its text and test; `files`: everything that belongs to it, path → sha of the text.
         */
        VersionTextOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Base */
            base: number;
            /** By */
            by: string;
            /** Files */
            files: {
                [key: string]: string;
            };
            /** Flow */
            flow: string;
            /** Live */
            live: boolean;
            /** Note */
            note: string;
            /** Number */
            number: number;
            /** Sha */
            sha: string;
            /** Tests */
            tests: string;
            /** Text */
            text: string;
        };
        /**
         * WrapUp
         * @description After-call work. `summary`: as edited; `follow_up`: what is to be done, in words.
         */
        WrapUp: {
            /** Disposition */
            disposition: string;
            /** Follow Up */
            follow_up?: string | null;
            /**
             * Notes
             * @default
             */
            notes: string;
            /** Summary */
            summary?: string | null;
        };
        /**
         * WrapUpForm
         * @description What the form begins with; `disposition` is the suggested code, `intent_title` what people call the intent.
         */
        WrapUpForm: {
            /** Disposition */
            disposition: string;
            /** Dispositions */
            dispositions: components["schemas"]["DispositionOut"][];
            /** Follow Up */
            follow_up: string;
            /** Intent */
            intent: string;
            /** Intent Title */
            intent_title: string;
            /** Summary */
            summary: string;
        };
        /**
         * WrapUpRates
         * @description Summaries that agents finished, and how far on average they are from the suggested ones (0…1).
         */
        WrapUpRates: {
            /** Edit Distance */
            edit_distance: number | null;
            /** Finished */
            finished: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    state_api_agent_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    availability_api_agent_availability_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AvailabilityIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    extend_api_agent_contacts__contact_id__acw_extend_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Extend"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    consult_api_agent_contacts__contact_id__consult_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Consult"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Party"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    consult_step_api_agent_contacts__contact_id__consult__step__post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
                step: "swap" | "cancel" | "conference" | "complete";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hang_up_api_agent_contacts__contact_id__hangup_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ask_help_api_agent_contacts__contact_id__help_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hold_api_agent_contacts__contact_id__hold_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Hold"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keypad_api_agent_contacts__contact_id__keypad_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Keys"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mute_api_agent_contacts__contact_id__mute_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["server__api__desk__Switch"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    park_api_agent_contacts__contact_id__park_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Code"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drop_api_agent_contacts__contact_id__parties__party_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
                party_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    record_api_agent_contacts__contact_id__record_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["server__api__desk__Switch"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rejoin_api_agent_contacts__contact_id__rejoin_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rejoin"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rejoined"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    transfer_api_agent_contacts__contact_id__transfer_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Transfer"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    wrap_up_api_agent_contacts__contact_id__wrapup_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WrapUp"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    device_api_agent_device_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accept_api_agent_offers__offer_id__accept_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                offer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Taking"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Taken"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decline_api_agent_offers__offer_id__decline_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                offer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    parked_api_agent_parked_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Parked"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_parked_api_agent_parked__code__take_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Taking"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Taken"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listed_api_approvals_get: {
        parameters: {
            query?: {
                /** @description which runs */
                status?: "running" | "undoing" | "waiting" | "approved" | "rejected" | "done" | "failed";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approve_api_approvals__run_id__approve_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reject_api_approvals__run_id__reject_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    act_api_assist__card_id__post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                card_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CardAction"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cards_api_assist__contact_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Card"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rates_api_assist_rates_get: {
        parameters: {
            query?: {
                since?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rates"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    callbacks_api_callbacks_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallbackOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_api_callbacks__callback_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                callback_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chat_api_chat_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Begin"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Begun"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    conversations_api_conversations_get: {
        parameters: {
            query?: {
                before?: string | null;
                limit?: number;
                query?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    conversation_api_conversations__conversation_id__get: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_api_conversations__conversation_id__attachments_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_send_api_conversations__conversation_id__attachments_post"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    see_api_conversations__conversation_id__attachments__attachment_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                attachment_id: string;
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    withdraw_api_conversations__conversation_id__consents__purpose__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
                purpose: "emotion" | "emotion_history";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    of_conversation_api_conversations__conversation_id__customer_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationCustomer"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    key_api_conversations__conversation_id__dtmf_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Key"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hang_up_api_conversations__conversation_id__hangup_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    message_api_conversations__conversation_id__messages_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Text"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pace_api_conversations__conversation_id__pace_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Pace"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recording_api_conversations__conversation_id__recording_get: {
        parameters: {
            query?: {
                leg?: string | null;
            };
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    timeline_api_conversations__conversation_id__timeline_get: {
        parameters: {
            query?: {
                before?: number | null;
                limit?: number;
            };
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TimelineItem"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    give_api_conversations__conversation_id__visuals_post: {
        parameters: {
            query: {
                request_id: string;
            };
            header?: never;
            path: {
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Given"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    see_api_conversations__conversation_id__visuals__ref__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation_id: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customer_api_customers__customer_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    departments_api_departments_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    directory_api_directory_get: {
        parameters: {
            query?: {
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DirectoryEntry"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listed_api_experiments_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    shown_api_experiments__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    promote_api_experiments__name__promote_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Promotion"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    needed_api_experiments_sample_size_get: {
        parameters: {
            query: {
                /** @description difference to be found */
                lift: number;
                /** @description share of successes now */
                rate: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: number;
                    };
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listed_api_filters_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PackOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reload_api_filters_reload_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReloadOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_flows_api_flows_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_api_flows__flow_id__audit_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    difference_api_flows__flow_id__diff_get: {
        parameters: {
            query: {
                /** @description 0 = the file on disk */
                from: number;
                /** @description 0 = the file on disk */
                to: number;
            };
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plans_api_flows__flow_id__plans_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_api_flows__flow_id__plans__plan_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
                plan_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish_api_flows__flow_id__publish_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Publish"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back_api_flows__flow_id__rollback_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollBack"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_versions_api_flows__flow_id__versions_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hand_in_api_flows__flow_id__versions_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewVersion"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HandedIn"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_version_api_flows__flow_id__versions__number__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionTextOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_api_flows__flow_id__versions__number__check_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                flow_id: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_api_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listed_api_hours_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoursOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    switch_api_hours__pack___calendar__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                calendar: string;
                pack: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["server__api__hours__Switch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoursOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_back_api_hours__pack___calendar__delete: {
        parameters: {
            query?: {
                why?: string;
            };
            header?: never;
            path: {
                calendar: string;
                pack: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoursOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ice_api_ice_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IceServers"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search_api_knowledge_search_get: {
        parameters: {
            query: {
                /** @description only what belongs to this flow */
                flow?: string;
                /** @description empty = that of the words */
                language?: string;
                limit?: number;
                q: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Article"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login_api_login_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout_api_logout_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me_api_me_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    offer_api_offer_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Offer"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listed_api_queues_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_api_queues_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewQueue"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    one_api_queues__queue__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                queue: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_queues__queue__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                queue: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueueIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_api_queues__queue__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                queue: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    state_api_supervise_agents__user_id__state_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AvailabilityIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    board_api_supervise_board_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    broadcast_api_supervise_broadcast_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Broadcast"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    join_api_supervise_contacts__contact_id__join_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Join"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Supervision"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    leave_api_supervise_contacts__contact_id__leave_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mode_api_supervise_contacts__contact_id__mode_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    priority_api_supervise_contacts__contact_id__priority_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Priority"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reassign_api_supervise_contacts__contact_id__reassign_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Consult"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_over_api_supervise_contacts__contact_id__takeover_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tickets_api_tickets_get: {
        parameters: {
            query?: {
                conversation?: string;
                customer?: string;
                department?: string;
                limit?: number;
                mine?: boolean;
                /** @description how many to pass over */
                offset?: number;
                /** @description a status, or `unsolved` */
                state?: ("new" | "open" | "pending" | "hold" | "solved" | "closed") | ("unsolved" | "");
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_tickets_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    one_api_tickets__ticket_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_tickets__ticket_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticket_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TicketChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    comment_api_tickets__ticket_id__comments_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticket_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Comment"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users_api_users_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserOut"][];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_user_api_users_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserSecretOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    disable_user_api_users__user_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_user_api_users__user_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserSecretOut"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    form_api_wrapup__contact_id__get: {
        parameters: {
            query?: {
                language?: string;
            };
            header?: never;
            path: {
                contact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WrapUpForm"];
                };
            };
            /** @description Refused, or not possible now */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
